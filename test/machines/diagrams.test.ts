import { expect, it } from 'vitest'
import { findMachines } from '../support/machines.ts'
import { mermaid } from '../support/mermaid.ts'

it('draws the machines as they are', async () => {
  const sections = (await findMachines()).map(
    (machine) => `## ${machine.id}\n\n${machine.config.description}.\n\n\`\`\`mermaid\n${mermaid(machine)}\n\`\`\`\n`,
  )
  const text = [
    '# Machines',
    '',
    'How each sign-in, the refresh and the doctor behave. Drawn from the machines by `npx vitest run -u --config test/vitest.config.ts test/machines/diagrams`; the test refuses a stale drawing.',
    '',
    sections.join('\n'),
  ].join('\n')
  await expect(text).toMatchFileSnapshot('../../src/machines/README.md')
})
