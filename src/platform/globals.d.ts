/** True only in the second build (`dist-test/`) that fault tests run; in the shipped bundle every use of it is compiled away. */
declare const __TEST_HOOKS__: boolean
/** The version of package.json. */
declare const __VERSION__: string
