import type { ErrorWire } from '../../domain/error-wire.ts';
import type { RefusedItem } from '../extraction/page.ts';
import type { TextItem } from '../compute/wire-item.ts';
import type { ModuleContext, ModuleRequest, ModuleResponse } from './module-api.ts';

/** What a module is given, without its functions. */
export type GivenData = Omit<ModuleContext, 'signal' | 'fetch'>;

/** A response as it goes to a thread. */
export type FetchedWire = Pick<ModuleResponse, 'status' | 'headers' | 'url'> & { readonly body: Uint8Array };

/** To the thread of a module. `call` numbers a fetch of the run; several may run at once. */
export type ToModule =
  | {
      readonly kind: 'start';
      readonly call: number;
      readonly path: string;
      readonly given: GivenData;
      /** The charset of responses by the configuration; null = nothing. */
      readonly encoding: string | null;
      /** Whether messages may show what the module throws or yields. */
      readonly quotes: boolean;
    }
  | { readonly kind: 'next' | 'close'; readonly call: number }
  | { readonly kind: 'abort'; readonly call: number; readonly why: string }
  | { readonly kind: 'fetched'; readonly call: number; readonly request: number; readonly response: FetchedWire }
  | { readonly kind: 'fetchFailed'; readonly call: number; readonly request: number; readonly error: ErrorWire }
  | { readonly kind: 'ping' };

/** From it. */
export type FromModule =
  | { readonly kind: 'page'; readonly call: number; readonly page: ModulePageWire | null }
  | { readonly kind: 'failed'; readonly call: number; readonly error: ErrorWire }
  | {
      readonly kind: 'fetch';
      readonly call: number;
      readonly request: number;
      readonly url: string;
      readonly options: ModuleRequest;
    }
  /** Thrown where it is not awaited. */
  | { readonly kind: 'fault'; readonly message: string }
  | { readonly kind: 'pong' };

/** A page that a module yielded. */
export interface ModulePageWire {
  readonly items: readonly (TextItem | RefusedItem)[];
  /** JSON text; null = the page was the last one. */
  readonly cursor: string | null;
}
