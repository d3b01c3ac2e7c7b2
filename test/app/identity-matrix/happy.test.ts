import { matrix } from './matrix.ts'
import { happy } from './scenarios/happy.ts'

matrix('happy', happy)
