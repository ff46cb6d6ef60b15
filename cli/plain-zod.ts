/** Plain zod: a command checks a few answers and ends, and the code that zod would write for it takes longer than it saves. */
import * as z from "zod";

z.config({ jitless: true });
