/** Id and secret of an OAuth client as the `Authorization: Basic` header holds them, before base64 (RFC 6749 §2.3.1). */
export function clientPair(id: string, secret: string): string {
  return [id, secret].map(formEncoded).join(':');
}

function formEncoded(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1);
}
