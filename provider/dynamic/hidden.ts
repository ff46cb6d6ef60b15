/** Hidden: inputs that a resource of the dynamic door adds by itself; the engine tells none of this. */

/** Whether a program reads the object by its id, and does not make it. */
export const readProperty = "__read";

/** Whether the check is that of a preview: the process that answers for resources is told nothing of it. */
export const previewProperty = "__preview";
