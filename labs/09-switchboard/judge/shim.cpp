// Carries lab 09's code for the judge: a switchboard runs in a thread of its own while the judge
// calls it, and is stopped and asked for its tally through here.
#include <future>
#include <memory>
#include <thread>

#include "judge/socket_answers.hpp"
#include "switchboard.hpp"

namespace {

using namespace socket_answers;
using switchboard::Limits;
using switchboard::milliseconds;
using switchboard::Result;
using switchboard::Stop;
using switchboard::Tally;

/// An exchange of the judge's: "WORD NUMBER of CALLERS: LINE" comes back, the others hear
/// "WORD: LINE" where the line begins with '!', and "over" ends the call.
switchboard::Exchange exchange_of(const json& terms) {
  const auto word = terms.at("exchange").get<std::string>();
  if (word.empty()) return switchboard::respond;
  return [word](std::string_view line, std::uint64_t caller, std::size_t callers) {
    const std::string said = ": " + std::string(line) + "\n";
    switchboard::Reply reply;
    reply.line = word + " " + std::to_string(caller) + " of " + std::to_string(callers) + said;
    if (line.substr(0, 1) == "!") reply.chat = word + said;
    reply.hang_up = line == "over";
    return reply;
  };
}

/// A switchboard that was started, and its thread.
struct Running {
  Limits limits;
  switchboard::Exchange exchange;
  Stop stop;
  std::future<Result<Tally>> result;
  std::thread thread;
};

/// Not destroyed while its thread runs: one that never ends is ended with the process.
Running* running = nullptr;

Limits limits_of(const json& terms) {
  Limits limits;
  limits.callers = terms.at("callers").get<std::size_t>();
  limits.line = terms.at("line").get<std::size_t>();
  limits.queue = terms.at("queue").get<std::size_t>();
  limits.idle = milliseconds(terms.at("idle").get<int>());
  limits.total = milliseconds(terms.at("total").get<int>());
  limits.closing = milliseconds(terms.at("closing").get<int>());
  return limits;
}

/// The listener is the descriptor sent along; none where none is.
Answer start(Message& request) {
  running = new Running;
  running->limits = limits_of(request.body.at("terms"));
  running->exchange = exchange_of(request.body.at("terms"));
  const bool by_poll = request.body.at("variant") == "poll";
  Descriptor listener(request.descriptors.empty() ? -1 : request.descriptors[0].release());
  std::packaged_task<Result<Tally>(Descriptor)> serve([board = running, by_poll](Descriptor here) {
    const auto serve_here = by_poll ? switchboard::serve_by_poll : switchboard::serve_by_coroutines;
    return serve_here(std::move(here), board->limits, board->stop, board->exchange);
  });
  running->result = serve.get_future();
  running->thread = std::thread(std::move(serve), std::move(listener));
  return value(nullptr);
}

Answer pull_stop(Message& /*request*/) {
  running->stop.pull();
  return value(nullptr);
}

/// What came of it, where it is over within the time; null where it still runs.
Answer tally(Message& request) {
  const milliseconds time(request.body.at("milliseconds").get<int>());
  if (running == nullptr || running->result.wait_for(time) != std::future_status::ready)
    return value(nullptr);
  const std::unique_ptr<Running> over(std::exchange(running, nullptr));
  over->thread.join();
  const Result<Tally> tally = over->result.get();  // throws what came out of it
  if (!tally) return failed(tally.error());
  return value({{"callers", tally->callers},
                {"turned_away", tally->turned_away},
                {"most_at_once", tally->most_at_once},
                {"lines", tally->lines},
                {"left_out", tally->left_out},
                {"timed_out", tally->timed_out},
                {"faults", tally->faults},
                {"first_fault", tally->first_fault}});
}

}  // namespace

int main() {
  std::thread([] {
  }).join();  // with the first one comes the thread sanitizer's own: before any count
  return dialtone::run_shim({{"start", start}, {"stop", pull_stop}, {"tally", tally}});
}
