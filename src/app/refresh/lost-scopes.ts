/** What a refresh no longer grants. An answer that names no scopes grants those of before (RFC 6749 section 5.1). */
export function lostScopes(before: readonly string[] = [], after: readonly string[] | null): readonly string[] {
  return after === null ? [] : before.filter((scope) => !after.includes(scope))
}

export interface Notice {
  readonly code: string
  readonly message: string
}

/** For people and for JSON: a scope that is gone shows up later as a refusal of something else. */
export function scopeNotices(route: string, lost: readonly string[]): readonly Notice[] {
  if (lost.length === 0) return []
  const names = lost.map((scope) => `\`${scope}\``).join(', ')
  return [{ code: 'scope_reduced', message: `the provider no longer grants ${names} to the grant of \`${route}\`` }]
}
