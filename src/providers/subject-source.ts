/** `fresh`: every request brings a new token. `fixed`: the same one until somebody rotates it. */
export type Freshness = 'fresh' | 'fixed'

/** Reads a token from an address that a CI system or a platform names in the environment, with a secret that stands beside it. */
export interface EndpointAsk {
  readonly kind: 'endpoint'
  readonly method: 'GET' | 'POST'
  readonly urlVariable: string
  readonly secretVariable: string
  readonly secretHeader: 'authorization' | 'x-identity-header'
  /** Added behind what the address has already. */
  readonly query: Readonly<Record<string, string>>
  /** Parameter of the query that names the audience; absent = it cannot be chosen. */
  readonly audienceField?: string
  /** Parameters whose value is that of the first variable that is set; left out where none is. */
  readonly optionalFields?: Readonly<Record<string, readonly string[]>>
  readonly headers?: Readonly<Record<string, string>>
  /** Field of the JSON answer that holds the token. */
  readonly answerField: string
  /** The address is one of this machine or link, spoken to without TLS by nature. */
  readonly mayBeLocal?: boolean
}

/** Starts the program that the CI system brings along; it writes the token to stdout. */
export interface ProgramAsk {
  readonly kind: 'program'
  readonly argv: readonly string[]
  /** Appended where an audience is wanted; `{audience}` is the audience, `{json}` it as a JSON string. */
  readonly audienceArgv: readonly string[]
  /** What it must see beside the variables that every command does; `NAME_*` is every name that begins so. */
  readonly passOn: readonly string[]
}

/** Asks the metadata server of a cloud, over http as they all do, and with no secret. */
export interface MetadataAsk {
  readonly kind: 'metadata'
  /** Another host, or a whole origin, as the vendor's own libraries read it. */
  readonly hostVariable: string
  readonly host: string
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly audienceField: string
  readonly optionalFields?: Readonly<Record<string, readonly string[]>>
  readonly headers: Readonly<Record<string, string>>
  /** What an answer must have in a header, so that no other server is taken for it. */
  readonly answerHeader?: readonly [name: string, value: string]
  /** null = the body is the token. */
  readonly answerField: string | null
  /** Answered with 200 by this server only, and gives no token. */
  readonly probePath: string
}

/** Posts to a server on a unix socket of this machine; the body of the answer is the token. */
export interface SocketAsk {
  readonly kind: 'socket'
  readonly socketPath: string
  readonly path: string
  readonly audienceField: string
}

export type SourceAsk = EndpointAsk | ProgramAsk | MetadataAsk | SocketAsk

/** Where a workload gets the token that says who it is. */
export interface SubjectSource {
  readonly id: string
  /** For people. */
  readonly name: string
  /** What is written as `subject_token`, with `NAME` or `PATH` for what the user chooses. */
  readonly reference: string
  /** The variable that says that claw runs there. */
  readonly hereVariable: string | null
  readonly freshness: Freshness
  /** `asked`: chosen by each request. `required`: the same, and there is none by itself. `preset`: by whoever made the token. */
  readonly audience: 'asked' | 'required' | 'preset'
  /** How long a token lives as a rule, s; null = unknown, or chosen elsewhere. */
  readonly lifeS: number | null
  /** What to add, and where, so that there is a token. */
  readonly enable: string
  /** A pull request from a fork gets none, and this keeps the job from being run for one. */
  readonly forkLine?: string
  /** What makes its tokens live no longer than an hour. */
  readonly shorten?: string
  /** Of a fixed one: another run of the job gets another token. */
  readonly isOfJob?: true
  /** Of a fresh one: the same token may come again for a while. */
  readonly mayRepeat?: true
  readonly quirks?: readonly string[]
  /** Where this was read. */
  readonly source: string
}

/** A source that claw asks itself. */
export interface OidcSource extends SubjectSource {
  /** The first, unless the variables of another are set. */
  readonly asks: readonly [SourceAsk, ...SourceAsk[]]
}

/** A place where somebody else puts the token. */
export interface SubjectPlace extends SubjectSource {
  /** Of `env:` places with names of their own. */
  readonly variables?: readonly string[]
}
