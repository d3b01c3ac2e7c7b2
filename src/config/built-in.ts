/** What is in force where nobody says otherwise, as `claw config show` prints it. Durations as in a file. */
export const BUILT_IN = {
  'store.backend': 'file',
  'store.lease': '40s',
  'store.wait': '60s',
  'store.request_timeout': '15s',
  'store.bound_to_machine': false,
  'store.follow_symlink': false,
  'prompt.timeout': '10m',
  'prompt.first_event_timeout': '300s',
  'prompt.idle_timeout': '60s',
} as const
