import * as z from 'zod';

// A configuration is read once or twice: to make code of each schema, as zod does by itself, takes longer than that code saves. Set
// before the first schema of an object is made.
z.config({ jitless: true });
