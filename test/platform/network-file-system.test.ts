import { expect, it } from 'vitest'
import { networkFileSystem, sharedFileSystem } from '../../src/platform/network-file-system.ts'

it.each([
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  // As a Node that reads it as signed says it.
  [0xff534d42 | 0, 'CIFS'],
  [0x65735546, null],
  [0xef53, null],
  [0x01021994, null],
])('R-05 file system %d is %s', (type, name) => {
  expect(sharedFileSystem(type)).toBe(name)
})

it('R-05 a directory of this machine alone is shared by nobody, and of one that is not there nobody can say', async () => {
  expect(await Promise.all([networkFileSystem('/proc'), networkFileSystem('/nonexistent')])).toEqual([null, null])
})
