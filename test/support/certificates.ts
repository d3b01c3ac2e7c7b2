import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Certificate {
  readonly key: string
  readonly cert: string
}

/**
 * A fresh certificate that signs itself, so that it can stand in a CA file too. Made by the `openssl` program: Node can
 * read certificates but not make them.
 */
export function selfSigned(names: readonly string[] = ['DNS:localhost', 'IP:127.0.0.1', 'IP:::1']): Certificate {
  const dir = mkdtempSync(join(tmpdir(), 'claw-cert-'))
  try {
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '2',
        '-subj',
        '/CN=claw test',
        '-addext',
        `subjectAltName=${names.join(',')}`,
        '-keyout',
        'key.pem',
        '-out',
        'cert.pem',
      ],
      { cwd: dir, stdio: 'ignore' },
    )
    return { key: readFileSync(join(dir, 'key.pem'), 'utf8'), cert: readFileSync(join(dir, 'cert.pem'), 'utf8') }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
