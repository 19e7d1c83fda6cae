// SPDX-License-Identifier: MIT
// tools/csp.mjs - content security policies, a JSON list on standard input, judged by csp_evaluator: a JSON list of lists of findings.
import { readFileSync } from 'node:fs';
import { CspEvaluator } from '../web/node_modules/csp_evaluator/dist/evaluator.js';
import { CspParser } from '../web/node_modules/csp_evaluator/dist/parser.js';
import { Severity } from '../web/node_modules/csp_evaluator/dist/finding.js';

const judge = (policy) =>
  new CspEvaluator(new CspParser(policy).csp)
    .evaluate()
    .filter((f) => f.severity <= Severity.STRICT_CSP)
    .map((f) => `${f.directive} ${f.value ?? ''}: ${f.description}`);
console.log(JSON.stringify(JSON.parse(readFileSync(0, 'utf8')).map(judge)));
