import { EXIT_TABLE } from '../core/errors.ts'
import { wrap } from './wrap.ts'

const WIDTH = 80
const MEANING_AT = 36

/** Paragraphs, indented by two. */
function prose(...paragraphs: readonly string[]): string {
  return paragraphs
    .map((text) =>
      wrap(text, WIDTH - 2)
        .map((line) => `  ${line}`)
        .join('\n'),
    )
    .join('\n\n')
}

function exitCodes(): string {
  const row = (code: string, name: string, retry: string, meaning: string) => {
    const [first = '', ...rest] = wrap(meaning, WIDTH - MEANING_AT)
    return [
      `${`  ${code.padStart(4)}  ${name.padEnd(12)}  ${retry}`.padEnd(MEANING_AT)}${first}`,
      ...rest.map((line) => ' '.repeat(MEANING_AT) + line),
    ]
  }
  const rows = EXIT_TABLE.flatMap(({ code, name, meaning, retry }) => row(String(code), name, retry, meaning))
  return `${row('code', 'name', 'again?', 'meaning').join('\n')}
${rows.join('\n')}

${prose(
  'SIGNAL: claw really dies of the signal, so that a shell sees it; its code is 128 and the number of the signal.',
  'The code says who must act: the user (2, 65, 66, 78), whoever signs in (77, 79, 80), the operator (73, 74), nobody (69, 75, 76, 81). With --json the name stands in exit.name. A code that is not in this table is a failure.',
)}
`
}

const VARIABLES: readonly (readonly [string, string])[] = [
  ['CLAW_CONFIG', "the user's configuration file"],
  ['CLAW_HOME', 'one absolute directory for configuration and state'],
  ['CLAW_STORE', 'the credential store: file or memory'],
  ['CLAW_PROFILE', 'the profile, as --profile'],
  ['CLAW_MODEL', 'the model of the tier default'],
  ['CLAW_AUTH_MODE', 'auto, api_key or oauth'],
  ['CLAW_AUTH_PREFER', 'api_key or oauth, for auto'],
  ['CLAW_ENABLE', 'methods that are off by default, as PROVIDER/METHOD,…'],
  ['CLAW_BUNDLE_FILE', 'a credential that another machine wrote'],
  ['CLAW_TRUST_PROJECT', 'the SHA-256 of a claw.toml that may say more'],
  ['CLAW_TIMEOUT', 'the limit of the whole command, as --timeout'],
  ['CLAW_NO_INPUT', 'never ask, as --no-input'],
  ['CLAW_CI', '0, 1 or the name of a CI system: beats detection'],
  ['CLAW_DEBUG', '1: print redacted stacks'],
  ['CLAW_ALLOW_DEBUGGER', '1: work although Node is set to be debugged'],
  ['CLAW_ALLOW_PROJECT_HOME', '1: let CLAW_HOME lie inside a repository'],
]

const variableNotes = prose(
  `Each provider's own variables are listed by claw auth list. NAME_FILE holds a path to the value of NAME; both set is an error.`,
  `The ids of an identity method have the names of the vendor's own SDK, such as ANTHROPIC_FEDERATION_RULE_ID. What leads to the identity of the job, such as ACTIONS_ID_TOKEN_REQUEST_TOKEN, is seen by no program that claw starts but the one that gives it.`,
)

const environment = `${VARIABLES.map(([name, meaning]) => `  ${name.padEnd(25)}${meaning}`).join('\n')}

  HTTPS_PROXY, HTTP_PROXY, NO_PROXY, SSL_CERT_FILE, NODE_EXTRA_CA_CERTS
  NO_COLOR, FORCE_COLOR, CLICOLOR, CLICOLOR_FORCE, TERM

${variableNotes}
`

const config = prose(
  `The user file is $CLAW_CONFIG, else $CLAW_HOME/config.toml, else $XDG_CONFIG_HOME/claw/config.toml. claw config init writes one with comments, claw config schema prints its JSON Schema, claw config check validates it.`,
  `A flag beats the environment, that the user file, that a trusted claw.toml of the project, that the built-in value. claw config show says where each value came from. The ids of an identity are the one exception: those of the file come first, and the vendor's variables fill what it leaves out.`,
  `A claw.toml in a repository may set only the model and prompt defaults, until claw trust (or CLAW_TRUST_PROJECT with its SHA-256) trusts its very content. Then also auth_mode, prefer, fallback, expect, aliases and providers of its own. No project file ever sets hosts or headers of other providers, commands, secrets, the store or the network.`,
  `Secrets are references: env:NAME, file:/path, cmd:["program","argument"], cred:NAME (systemd). A literal is taken from a user file of mode 0600 only. The identity of a job is one too, as subject_token of an identity method: also oidc:SOURCE, with ?audience=… for another audience than the vendor's usual one.`,
)

const security = prose(
  `Credentials are in $XDG_STATE_HOME/claw/credentials.json ($CLAW_HOME/state with CLAW_HOME), mode 0600 in a directory of mode 0700, not encrypted: the same user, and root, can read them. Do not cache or copy that directory: a provider that sees one refresh token used twice revokes the grant.`,
  `A secret is never an argument, never in a log, an error or JSON; claw token is the one command that prints one. Requests go to the hosts of the provider only, by TLS that is verified, and are never redirected.`,
  `In a pipeline install claw outside the checkout and call it by its path: npx and npm run there may run code of the checkout first. Switch core dumps off (ulimit -c 0, LimitCORE=0): Node cannot.`,
  `claw sends its own name to every provider. Sign-ins that a vendor does not allow to other tools are off until your own file switches them on.`,
)

const ci = prose(
  `claw doctor first: its exit code says whether the job will authenticate (0) or not (1), and its text what to type if not. In a job without a key it looks at the identity of the job; claw doctor --probe exchanges it too, once, and keeps what comes for the commands that follow. claw auth --identity P shows what the rule at the vendor must contain.`,
  `claw auth --device P works in a job: the code is printed, somebody approves it on another machine. With --no-wait the job ends with exit 83 at once, and claw auth wait P goes on in a later step. Where there is no device code, claw auth --paste P prints an address and ends with exit 83; what the browser ended at goes to claw auth complete P --stdin.`,
  `A job needs no key where its CI system, cluster or cloud vouches for it: subject_token = "oidc:github" in [providers.P.auth.federation] (also oidc:buildkite and others; env:NAME on GitLab, file:/path on Kubernetes) and the ids of the vendor's rule. claw auth --identity P shows what is presented, and what the rule there must say.`,
  `claw token P --bundle FILE writes a credential that cannot be renewed, for a job that shall have no more than that: CLAW_BUNDLE_FILE=FILE.`,
  `Text of a model is escaped where a CI log would act on it, when stdout is no file; --json, --out and a regular file hold it unchanged.`,
  `Exit 69, 75 and 81 are worth another try, 77 wants a person (claw help exit-codes).`,
)

function topic(name: string, summary: string, text: string): [string, string] {
  return [name, `claw help ${name}: ${summary}\n\n${text.trimEnd()}\n`]
}

/** Pages that explain something other than a command. */
export const TOPICS: ReadonlyMap<string, string> = new Map([
  topic('exit-codes', 'what each exit code means, and whether to run it again', exitCodes()),
  topic('environment', 'variables that claw reads; an empty one counts as unset', environment),
  topic('config', 'the configuration, and which file may say what', config),
  topic('security', 'what is stored where, and what claw does not do', security),
  topic('ci', 'claw where nobody is at the keyboard', ci),
])
