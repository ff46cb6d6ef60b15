/** Hidden: inputs that a resource of the dynamic door adds by itself; the engine tells none of this. */

/** Whether a program reads the object by its id, and does not make it. */
export const readProperty = "__read";
