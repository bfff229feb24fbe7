// The REST interface: one token, kept for as long as the tab is open; every answer or an error with its advice.

const KEY = 'calcnode-token';

export class ApiError extends Error {
  constructor(status, body) {
    super(body.message ? `${body.message}: ${body.advice}` : `status ${status}`);
    this.status = status;
    this.code = body.error || 'unknown';
  }
}

export const token = {
  get: () => sessionStorage.getItem(KEY),
  set: value => sessionStorage.setItem(KEY, value),
  clear: () => sessionStorage.removeItem(KEY),
};

async function ask(path, options = {}) {
  const headers = { ...options.headers, Authorization: `Bearer ${token.get() || ''}` };
  const answer = await fetch(path, { ...options, headers, credentials: 'omit' });
  if (!answer.ok) throw new ApiError(answer.status, await answer.json().catch(() => ({})));
  return answer;
}

export const get = async path => (await ask(`/api/v1/${path}`)).json();

export const blob = async (path, signal) => (await ask(`/api/v1/${path}`, { signal })).blob();

export const post = async (path, body = {}) => (await ask(`/api/v1/${path}`, {
  method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' },
})).json();

// Calls `changed` whenever the node says so, and `alive(true|false)` when the stream opens or breaks; comes back by
// itself. EventSource cannot carry a token. Ends when `signal` is aborted.
export async function listen(changed, alive, signal) {
  while (!signal.aborted) {
    try {
      const stream = (await ask('/api/v1/events', { signal })).body.pipeThrough(new TextDecoderStream()).getReader();
      alive(true);
      let text = '';
      for (;;) {
        const { value, done } = await stream.read();
        if (done) break;
        const events = (text + value).split('\n\n');
        text = events.pop();
        if (events.some(event => event.startsWith('event: changed'))) changed();
      }
    } catch (error) {
      if (error.status === 401) return;
    }
    alive(false);
    await new Promise(resolve => setTimeout(resolve, 2000));
  }
}
