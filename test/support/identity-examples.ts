import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, parseAllDocuments } from 'yaml'

const DIR = new URL('../../examples/identity/', import.meta.url).pathname

export const identityExample = (name: string): string => join(DIR, name)
export const textOfExample = (name: string): string => readFileSync(identityExample(name), 'utf8')

export const github = parse(textOfExample('github.yml'))
export const gitlab = parse(textOfExample('gitlab.yml'))
export const buildkite = parse(textOfExample('buildkite.yml'))
export const [serviceAccount, configMap, cronJob] = parseAllDocuments(textOfExample('kubernetes.yml')).map((document) => document.toJSON())
