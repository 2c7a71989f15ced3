/** A request that another tool recorded or describes, with its secrets as they are. Its texts may contain `${env:NAME}`. */
export interface ImportedRequest {
  readonly method: 'GET' | 'POST';
  /** Without user name and password. */
  readonly url: string;
  readonly headers: readonly Header[];
  readonly body: string | null;
  readonly basic: NameAndPassword | null;
  /** Address of a proxy; null = none is named. */
  readonly proxy: string | null;
}

export type Header = readonly [name: string, value: string];

export interface NameAndPassword {
  readonly username: string;
  readonly password: string;
}

/** An address without user name and password, and these; null if it has none. Its parameters stay as they are written. */
export function withoutUser(address: string): { readonly url: string; readonly basic: NameAndPassword | null } {
  const [whole, scheme = '', user = '', rest = ''] = /^(https?:\/\/)([^\s/?#]*)@(.*)$/is.exec(address) ?? [];
  if (whole === undefined) return { url: address, basic: null };
  const [username = '', ...password] = user.split(':');
  return { url: scheme + rest, basic: { username: decoded(username), password: decoded(password.join(':')) } };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
