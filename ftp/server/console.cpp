#include "console.hpp"

#include "exchange.hpp"

namespace ftp::server {
namespace {

/// A few operators at once, each with a short line.
switchboard::Limits console_limits() {
  switchboard::Limits limits;
  limits.callers = 8;
  limits.line = 256;
  return limits;
}

std::string status_of(Services& services) {
  const Store::Usage usage = services.store.usage();
  return fmt::format(
      "sessions {} of {}, requests {} answered and {} refused, bytes {} used and {} free\n",
      services.sessions.load(), services.limits.sessions, services.answered.load(),
      services.refused.load(), usage.used, usage.free);
}

}  // namespace

switchboard::Reply tell_operator(Services& services, std::string_view line) {
  if (line == "status") return {status_of(services), ""};
  if (line == "help") return {"status, help, bye\n", ""};
  if (line == "bye") return {"bye\n", "", true};
  return {"error unknown: " + for_log(line) + "\n", ""};
}

Console::Console(socket_basics::Descriptor listener, Services& services,
                 const switchboard::Stop& stop)
    : stop_(stop), thread_([here = std::move(listener), &services, &stop]() mutable {
        const switchboard::Exchange exchange = [&services](std::string_view line, std::uint64_t,
                                                           std::size_t) {
          return tell_operator(services, line);
        };
        try {
          const auto served =
              switchboard::serve_by_coroutines(std::move(here), console_limits(), stop, exchange);
          if (!served) services.log.warn("console: {}", for_log(served.error().message));
        } catch (...) {
          services.log.warn("console: {}",
                            for_log(switchboard::fault_text(std::current_exception())));
        }
      }) {}

Console::~Console() {
  stop_.pull();
  thread_.join();
}

}  // namespace ftp::server
