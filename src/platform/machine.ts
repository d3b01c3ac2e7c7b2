/** What claw knows of the machine and process it runs in. Text that came from the machine is not yet safe to print. */
export interface Machine {
  readonly hostname: string
  readonly pid: number
  readonly platform: string
  readonly arch: string
  readonly osVersion: string
  readonly uid: number
  readonly home: string | undefined
  readonly cwd: string
  /** Boot of the kernel, for telling a process of before from one of now; '' where unknown. */
  readonly bootId: string
  /** The pid namespace, for telling whether a pid of another record can be looked up here; '' where unknown. */
  readonly pidNamespace: string
  /** A salted hash input that is the same for every boot of this machine and differs on a copy. */
  readonly machineId: string
  /** Start time of a process in ticks of the kernel, `undefined` when there is no such process. */
  processStart(pid: number): string | undefined
}
