import type { HttpTools } from '../http/fetch-document.ts';

/** The same tools, and the status of the last answer that succeeded them; null before there is one. */
export function recordStatus(http: HttpTools): { readonly http: HttpTools; readonly status: () => number | null } {
  let status: number | null = null;
  const client: HttpTools['client'] = {
    async send(request, signal) {
      const response = await http.client.send(request, signal);
      ({ status } = response);
      return response;
    },
    close: () => http.client.close(),
  };
  return { http: { ...http, client }, status: () => status };
}
