import { createServer } from 'node:net';
import { PortBusyError } from './errors.ts';

const HOST = '127.0.0.1';

/** True if a server could listen on this port of the loopback now. */
export function isFree(port: number): Promise<boolean> {
  return listenOnce(port).then((got) => got === port);
}

/** A port that is free now, chosen by the system. */
export async function freePort(): Promise<number> {
  const port = await listenOnce(0);
  if (port === undefined) {
    throw new PortBusyError(
      'PORT_NONE_FREE',
      'the system gave no free port on the loopback',
      'End processes that hold many connections, then start again.',
    );
  }
  return port;
}

/**
 * The port to use: a port the user asked for or an error that says it is busy; else the default, or a free one when the
 * default is taken (the caller prints which).
 */
export async function choosePort(options: {
  asked: number | undefined;
  usual: number;
  what: string;
}): Promise<number> {
  if (options.asked !== undefined) {
    if (await isFree(options.asked)) return options.asked;
    throw new PortBusyError(
      'PORT_BUSY',
      `port ${options.asked}, asked for as ${options.what}, is in use`,
      'End the process that uses it, or ask for another port; without the option a free one is found.',
    );
  }
  return (await isFree(options.usual)) ? options.usual : freePort();
}

function listenOnce(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ port, host: HOST, exclusive: true }, () => {
      const address = server.address();
      const got = typeof address === 'object' && address !== null ? address.port : undefined;
      server.close(() => resolve(got));
    });
  });
}
