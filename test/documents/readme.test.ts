import { followDocument } from '../support/documents/follow-document.ts';

followDocument('README.md');
