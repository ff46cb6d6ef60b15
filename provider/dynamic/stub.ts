/**
 * Stub: the code that Pulumi stores with every dynamic resource and runs in a process of its own, also years later. It holds nothing but
 * the kind and asks the installed package for the rest, so a destroy runs today's code.
 *
 * The text is frozen: any other byte shows as a change of every resource in every stack. That is why it is written down here and not
 * made by Pulumi's serialiser, whose output depends on its version, on the compiler and on minifiers, and which loads a debugger and
 * TypeScript for a second to make it. test/provider/stub.test.ts holds its size and hash.
 */

/** @returns JavaScript for `__provider`; a module whose `handler` makes the provider */
export const stubOf = (kind: string): string => `exports.handler = () => {
  const kind = ${JSON.stringify(kind)};
  const load = () => {
    try {
      return require("bothy/dynamic-entry").v1(kind);
    } catch (error) {
      if (error.code !== "MODULE_NOT_FOUND") throw error;
      throw new Error(
        'Cannot manage resource of kind "' + kind + '": the npm package "bothy" is not installed in ' + process.cwd() +
        ". Run npm install there, then run the command again. " + error.message);
    }
  };
  return {
    configure: async (request) => load().configure(request),
    check: async (olds, news) => load().check(olds, news),
    diff: async (id, olds, news) => load().diff(id, olds, news),
    create: async (inputs) => load().create(inputs),
    read: async (id, props) => load().read(id, props),
    update: async (id, olds, news) => load().update(id, olds, news),
    delete: async (id, props) => load().delete(id, props),
  };
};
`;
