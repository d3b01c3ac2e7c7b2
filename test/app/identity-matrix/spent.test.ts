import { matrix } from './matrix.ts'
import { spent } from './scenarios/spent.ts'

matrix('spent', spent)
