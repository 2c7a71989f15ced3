import { followDocument } from '../support/documents/follow-document.ts';

followDocument('docs/tutorial.md');
