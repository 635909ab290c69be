/** oidc-provider asks for Node.js 22 as it is loaded, but works with 20.19 as well: that one sentence is left out. */
const { warn } = console;
console.warn = (text, ...more) => {
  if (!String(text).includes('Unsupported runtime')) warn(text, ...more);
};
const { default: Provider, interactionPolicy } = await import('oidc-provider');
console.warn = warn;

export { Provider, interactionPolicy };
