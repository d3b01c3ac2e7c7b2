import { matrix } from './matrix.ts'
import { renewed } from './scenarios/renewed.ts'

matrix('renewed', renewed)
