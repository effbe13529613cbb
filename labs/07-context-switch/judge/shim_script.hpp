// Plays a script of the judge's on the student's core: threads that take steps, and a log of what
// happened, in order.
#pragma once

#include <fcntl.h>

#include <deque>
#include <memory>
#include <optional>

#include "context_switch.hpp"
#include "shim_answers.hpp"

namespace shim07 {

/// A step of a thread: ["name", a, b, c], and what errno is set to before.
struct Step {
  std::string name;
  std::int64_t a = 0;
  std::int64_t b = 0;
  std::int64_t c = 0;
  std::string text;
  int error = 0;
};

inline Step step_of(const json& asked) {
  Step step;
  step.name = asked.at(0).get<std::string>();
  std::int64_t* const numbers[] = {&step.a, &step.b, &step.c};
  for (std::size_t i = 1; i < asked.size() && i < 4; ++i)
    if (asked.at(i).is_string())
      step.text = asked.at(i).get<std::string>();
    else
      *numbers[i - 1] = asked.at(i).get<std::int64_t>();
  if (asked.size() > 4) step.error = asked.at(4).get<int>();
  return step;
}

struct Part {
  std::string name;
  std::vector<Step> steps;
};

/// What a step came to: a failure's kind, or a number.
struct Came {
  std::string kind = "ok";
  std::int64_t number = 0;
  int code = 0;

  Came() = default;
  explicit Came(std::int64_t what) : number(what) {}
  explicit Came(const Error& error) : kind(name_of(error.kind)), code(error.code) {
    if (error.kind == Error::Kind::threw) kind += ": " + error.message;
  }
  explicit Came(const Result<void>& result) : Came(result ? Came() : Came(result.error())) {}
};

class Play {
 public:
  explicit Play(const Message& request) : core_(options_of(request)) {
    const json& body = request.body;
    for (const json& part : body.at("threads")) {
      parts_.push_back({part.at("name").get<std::string>(), {}});
      for (const json& step : part.at("steps")) parts_.back().steps.push_back(step_of(step));
    }
    numbers_.resize(parts_.size(), ThreadId{1'000'000});
    for (const json& capacity : body.at("channels"))
      channels_.push_back(
          std::make_unique<context_switch::Channel>(core_, capacity.get<std::size_t>()));
    for (const auto& descriptor : request.descriptors) descriptors_.push_back(descriptor.get());
    base_ = Clock::now() + milliseconds(body.at("base").get<int>());
  }

  Answer run() {
    const auto result = core_.run(parts_[0].name, guarded([this] { take_part(0); }));
    return value({{"run", outcome_of(result)}, {"log", log_}});
  }

 private:
  Options options_of(const Message& request) {
    const json& asked = request.body.at("options");
    Options options = shim07::options_of(asked);
    if (asked.value("tell", false))
      options.tell = [this](const Event& event) {
        static const char* const names[] = {"made_ready", "runs",  "yielded",
                                            "turn_over",  "waits", "ended"};
        log_.push_back({"event", event.thread, names[static_cast<int>(event.what)]});
      };
    return options;
  }

  Clock::time_point at(std::int64_t ms) const {
    return ms >= 1'000'000 ? Clock::time_point::max() : base_ + milliseconds(ms);
  }
  std::int64_t now() const {
    return std::chrono::duration_cast<microseconds>(Clock::now() - base_).count();
  }

  /// What is done by hand of a thread's: no handler of its own is within, as a thread must not
  /// switch within a `catch`.
  void take_part(std::size_t part) {
    std::deque<Critical> criticals;
    const std::vector<Step>& steps = parts_[part].steps;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      log_.push_back({"begin", part, i, now()});
      Came came;
      errno = steps[i].error;
      take(steps[i], criticals, came);
      const int error = errno;
      const std::int64_t when = now();
      log_.push_back({"end", part, i, when, came.kind, came.number, came.code, error});
    }
  }

  /// Returns with errno as it was after the student's function.
  void take(const Step& step, std::deque<Critical>& criticals, Came& came) {
    if (step.name == "yield") {
      core_.yield();
    } else if (step.name == "spawn") {
      spawn(static_cast<std::size_t>(step.a), came);
    } else if (step.name == "join") {
      came = Came(core_.join(numbers_.at(static_cast<std::size_t>(step.a))));
    } else if (step.name == "join number") {
      came = Came(core_.join(static_cast<ThreadId>(step.a)));
    } else if (step.name == "send") {
      came = Came(channels_.at(static_cast<std::size_t>(step.a))->send(step.b));
    } else if (step.name == "receive") {
      const auto got = channels_.at(static_cast<std::size_t>(step.a))->receive();
      came = got ? Came(*got) : Came(got.error());
    } else if (step.name == "close") {
      channels_.at(static_cast<std::size_t>(step.a))->close();
    } else if (step.name == "sleep") {
      core_.sleep_until(at(step.a));
    } else if (step.name == "wait") {
      came = Came(core_.wait_ready(
          descriptors_.at(static_cast<std::size_t>(step.a)),
          step.b != 0 ? context_switch::Direction::writable : context_switch::Direction::readable,
          at(step.c)));
    } else if (step.name == "throw") {
      throw std::runtime_error(step.text);
    } else if (step.name == "self") {
      came = Came(std::int64_t{core_.self()});
    } else if (step.name == "switches") {
      came = Came(static_cast<std::int64_t>(core_.switches()));
    } else if (step.name == "signal") {
      ::raise(context_switch::turn_over_signal);
    } else if (step.name == "critical") {
      criticals.emplace_back();
    } else if (step.name == "uncritical") {
      criticals.pop_back();
    } else {
      by_hand(step, came);
    }
  }

  void spawn(std::size_t part, Came& came) {
    const auto made = core_.spawn(parts_.at(part).name, guarded([this, part] { take_part(part); }));
    if (made) numbers_[part] = *made;
    came = made ? Came(std::int64_t{*made}) : Came(made.error());
  }

  /// Steps that are no function of the student's.
  void by_hand(const Step& step, Came& came) const {
    if (step.name == "log") return;
    const int descriptor = descriptors_.at(static_cast<std::size_t>(step.a));
    char bytes[4096] = {};
    if (step.name == "write") came = Came(std::int64_t{::write(descriptor, bytes, 1)});
    const std::size_t count = step.b > 0 ? static_cast<std::size_t>(step.b) : sizeof bytes;
    if (step.name == "read") came = Came(std::int64_t{::read(descriptor, bytes, count)});
    if (step.name == "shut") ::dup2(STDIN_FILENO, descriptor);  // what it was is closed
  }

  json log_ = json::array();
  Core core_;
  std::vector<Part> parts_;
  std::vector<ThreadId> numbers_;
  std::vector<std::unique_ptr<context_switch::Channel>> channels_;
  std::vector<int> descriptors_;
  Clock::time_point base_;
};

inline Answer play_script(Message& request) {
  return Play(request).run();
}

}  // namespace shim07
