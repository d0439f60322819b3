interface Message {
  readonly content?: string | null;
  readonly tool_calls?: readonly {
    readonly index?: number;
    readonly id?: string;
    readonly function: { readonly name?: string; readonly arguments?: string };
  }[];
}

/** An answer of the gateway in one line: `answer <reason> <text> <calls>`, `refusal <status> <code>` or `broken <code> <text>`. */
export async function describeOutcome(response: Response): Promise<string> {
  const text = await response.text();
  if (response.status !== 200) return `refusal ${response.status} ${JSON.parse(text).error.code}`;
  if (response.headers.get('content-type')?.startsWith('application/json') === true) {
    const [choice] = JSON.parse(text).choices;
    return describeAnswer(choice.finish_reason, [choice.message]);
  }
  return describeStream(text);
}

function describeStream(text: string): string {
  const deltas: Message[] = [];
  let reason: string | undefined;
  let error: string | undefined;
  for (const event of text.split('\n\n')) {
    if (event === '' || event === 'data: [DONE]') continue;
    const chunk = JSON.parse(event.replace(/^data: /, ''));
    error = chunk.error?.code ?? error;
    const choice = chunk.choices?.[0];
    if (choice !== undefined) deltas.push(choice.delta);
    reason = choice?.finish_reason ?? reason;
  }
  const isDone = text.endsWith('data: [DONE]\n\n');
  if (error !== undefined && !isDone) return `broken ${error} ${joinText(deltas)}`;
  return isDone ? describeAnswer(reason, deltas) : `cut off ${joinText(deltas)}`;
}

function joinText(messages: readonly Message[]): string {
  return messages.map((message) => message.content ?? '').join('');
}

function describeAnswer(reason: string | undefined, messages: readonly Message[]): string {
  const calls = new Map<number, string>();
  for (const message of messages) {
    for (const [position, call] of (message.tool_calls ?? []).entries()) {
      const index = call.index ?? position;
      const head = call.id === undefined ? '' : ` ${call.id}:${call.function.name}`;
      calls.set(index, `${calls.get(index) ?? ''}${head}${call.function.arguments ?? ''}`);
    }
  }
  return `answer ${reason} ${joinText(messages)}${[...calls.values()].join('')}`;
}
