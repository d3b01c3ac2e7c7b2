import { matrix } from './matrix.ts'
import { lost } from './scenarios/lost.ts'

matrix('lost', lost)
