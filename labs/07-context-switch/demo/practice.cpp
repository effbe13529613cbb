// The deck on real threads: what computes really keeps the core, what waits really waits in epoll.
#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include "demo/story.hpp"
#include "failure.hpp"
#include "file_descriptor.hpp"
#include "language.hpp"

namespace switch_demo {

namespace {

using context_switch::Clock;
using context_switch::Core;
using context_switch::Event;
using dialtone::Failure;
using dialtone::FileDescriptor;
using dialtone::tr;

/// Kept by the threads, which are interrupted: room for it is made before.
struct Notes {
  std::vector<Event> events;
  std::size_t lost = 0;

  void add(const Event& event) {
    if (events.size() < events.capacity())
      events.push_back(event);
    else
      ++lost;
  }
};
constexpr std::size_t most_events = 200'000;

/// Computes until it has had the core for that long. Time in which somebody else had it, of this
/// process or another, is seen as a gap between two looks at the clock.
void compute(Time microseconds) {
  using namespace std::chrono;
  const nanoseconds wanted = std::chrono::microseconds(microseconds);
  nanoseconds had{0};
  volatile std::uint64_t sum = 0;
  for (auto last = Clock::now(); had < wanted;) {
    for (std::uint64_t i = 0; i < 32; ++i) sum = sum + i * i;
    const auto now = Clock::now();
    if (now - last < std::chrono::microseconds(20)) had += now - last;
    last = now;
  }
}

/// A timer of the kernel's plays the device: its descriptor is readable when the I/O has ended.
FileDescriptor make_device() {
  FileDescriptor device(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
  if (!device)
    throw Failure(tr("cannot make a timer: ", "无法创建定时器：") + std::strerror(errno));
  return device;
}

bool wait_for_device(Core& core, int device, Time microseconds) {
  itimerspec request{};
  request.it_value.tv_sec = microseconds / 1'000'000;
  request.it_value.tv_nsec = microseconds % 1'000'000 * 1000;
  if (::timerfd_settime(device, 0, &request, nullptr) != 0) return false;
  const auto deadline =
      Clock::now() + std::chrono::microseconds(microseconds) + std::chrono::seconds(10);
  if (!core.wait_ready(device, context_switch::Direction::readable, deadline)) return false;
  std::uint64_t expirations = 0;
  return ::read(device, &expirations, sizeof expirations) == sizeof expirations;
}

Time processor_time() {
  timespec spent{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
  return spent.tv_sec * 1'000'000 + spent.tv_nsec / 1000;
}

/// From the first turn of a job on; thread 0 only starts the others.
std::vector<Moment> moments_of(const std::vector<Event>& events) {
  std::vector<Moment> moments;
  Clock::time_point start{};
  for (const Event& event : events)
    if (event.thread > 0 && event.what == Event::What::runs) {
      start = event.when;
      break;
    }
  for (const Event& event : events) {
    if (event.thread == 0) continue;
    const auto when =
        std::chrono::duration_cast<std::chrono::microseconds>(std::max(event.when, start) - start);
    moments.push_back({when.count(), static_cast<int>(event.thread) - 1, event.what});
  }
  return moments;
}

}  // namespace

Story in_practice(const simulation::Deck& deck, Time quantum) {
  const simulation::Workload& workload = deck.workload;
  Notes notes;
  notes.events.reserve(most_events);
  std::vector<FileDescriptor> devices;
  for (std::size_t i = 0; i < workload.jobs.size(); ++i) devices.push_back(make_device());
  bool served = true;

  context_switch::Options options;
  options.quantum = std::chrono::microseconds(quantum);
  options.tell = [&notes](const Event& event) { notes.add(event); };
  Core core(std::move(options));
  const auto job = [&](std::size_t number) {
    const simulation::Job& mine = workload.jobs[number];
    for (std::uint32_t i = 0; i < mine.bursts; ++i) {
      const simulation::Burst& burst = workload.bursts[mine.first_burst + i];
      if (burst.device == simulation::Burst::cpu)
        compute(burst.length);
      else if (!wait_for_device(core, devices[number].get(), burst.length))
        served = false;
    }
  };
  const Time before = processor_time();
  const auto ran = core.run("starter", [&] {
    const context_switch::Critical all_at_once;
    for (std::size_t i = 0; i < workload.jobs.size() && served; ++i)
      if (!core.spawn(workload.jobs[i].name, [&job, i] { job(i); })) served = false;
  });
  if (!ran) throw Failure(ran.error().message);
  if (!served || notes.lost > 0)
    throw Failure(
        tr("the run was not whole: a device did not answer, or there was too much to note",
           "运行不完整：设备没有应答，或事件太多记不下"));
  return {moments_of(notes.events), processor_time() - before};
}

}  // namespace switch_demo
