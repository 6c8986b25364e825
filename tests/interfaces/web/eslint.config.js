/** What the page's JavaScript keeps to, beside the recommended rules. `make page-lint` runs it. */
import js from "@eslint/js";
import globals from "globals";

const PARSED = "Text is text here: nothing is ever parsed as HTML.";

export default [
  js.configs.recommended,
  {
    languageOptions: { ecmaVersion: "latest", sourceType: "module", globals: { ...globals.browser, uPlot: "readonly" } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      eqeqeq: ["error", "always", { null: "ignore" }],
      "no-eval": "error", "no-implied-eval": "error", "no-new-func": "error", "no-script-url": "error",
      "no-var": "error", "prefer-const": ["error", { destructuring: "all" }],
      "no-shadow": ["error", { builtinGlobals: false }], "no-console": "error", "no-alert": "error",
      "array-callback-return": "error", "no-promise-executor-return": "error", "no-template-curly-in-string": "error",
      "no-unmodified-loop-condition": "error", "no-self-compare": "error", "no-unused-vars": ["error", { ignoreRestSiblings: true }],
      "no-restricted-properties": ["error", ...["innerHTML", "outerHTML", "insertAdjacentHTML", "srcdoc"].map((property) => ({ property, message: PARSED })),
        { object: "document", property: "write", message: PARSED }],
      "no-restricted-imports": ["error", { patterns: [{ group: ["http*", "//*"], message: "The page loads nothing from elsewhere." }] }],
    },
  },
];
