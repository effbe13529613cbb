"""A peer for scale: the same echo exchange on Python's asyncio. Ends in order on SIGTERM."""
import asyncio
import signal


async def serve_caller(reader, writer):
    try:
        while line := await reader.readline():
            writer.write(line.removeprefix(b"echo "))
            await writer.drain()
    except (ConnectionError, asyncio.CancelledError):
        pass
    finally:
        writer.close()


async def main():
    server = await asyncio.start_server(serve_caller, "127.0.0.1", 0, backlog=4096)
    host, port = server.sockets[0].getsockname()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    print(f"listening on {host}:{port}", flush=True)
    await stop.wait()
    server.close()


asyncio.run(main())
