import { matrix } from './matrix.ts'
import { refused } from './scenarios/refused.ts'

matrix('refused', refused)
