// Practice for lab 07: the switch by hand, stacks, threads that take turns, and turns that end.
// Threads write into a log, which is looked at when the run is over: with a quantum, Catch2 (and
// whatever else allocates) would have to stand in a Critical. What ends a program is tried in a
// child process.
#include "context_switch.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cfenv>
#include <csignal>
#include <cstring>
#include <deque>
#include <fstream>
#include <limits>
#include <stdexcept>
#include <thread>
#include <vector>
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define RUNNING_ON_VALGRIND 0U
#define VALGRIND_STACK_REGISTER(begin, end) 0U
#define VALGRIND_STACK_DEREGISTER(number) static_cast<void>(number)
#endif

#include "file_descriptor.hpp"
#include "practice.hpp"

namespace {

using namespace context_switch;
using dialtone::FileDescriptor;
using dialtone::Random;
using dialtone::Story;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Kind = Error::Kind;
using What = Event::What;

// --- what a story says of results ---

const char* name_of(Kind kind) {
  constexpr const char* names[] = {"no_room", "no_thread", "deadlock", "timed_out",
                                   "threw",   "closed",    "system"};
  return names[static_cast<int>(kind)];
}

template <class T>
std::string told(const Result<T>& result) {
  if (!result) return name_of(result.error().kind);
  if constexpr (std::is_void_v<T>)
    return "ok";
  else
    return std::to_string(*result);
}

std::string told_with_message(const Result<void>& result) {
  return result ? "ok" : told(result) + ": " + result.error().message;
}

Clock::time_point in(milliseconds time) {
  return Clock::now() + time;
}

/// A core, and the log that its threads write.
class Play {
 public:
  explicit Play(Options options = {}) : core(std::move(options)) {}

  void log(const std::string& text) { log_ += (log_.empty() ? "" : " ") + text; }
  ThreadId spawn(const std::string& name, std::function<void()> body) {
    const auto thread = core.spawn(name, std::move(body));
    if (!thread) log("spawn:" + told(thread));
    return thread.value_or(9999);
  }
  Result<void> run(std::function<void()> body) {
    story.step("run(\"main\", …)");
    return core.run("main", std::move(body));
  }
  /// Runs the body; all must be well, and the log that one.
  void expect(const std::string& expected, std::function<void()> body) {
    const auto result = run(std::move(body));
    story.expect_equal("what came of the run", told_with_message(result), std::string("ok"));
    story.expect_equal("the log", log_, expected);
  }
  const std::string& written() const { return log_; }

  Story story;
  Core core;

 private:
  std::string log_;
};

struct Pipe {
  Pipe() {
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
    out.reset(ends[0]);
    in.reset(ends[1]);
  }
  void fill() const { static_cast<void>(::write(in.get(), "x", 1) == 1); }
  FileDescriptor out;  ///< to read from
  FileDescriptor in;   ///< to write into
};

/// Those that are open.
std::vector<int> descriptors() {
  std::vector<int> open;
  for (int descriptor = 0; descriptor < 1'000; ++descriptor)
    if (::fcntl(descriptor, F_GETFD) >= 0) open.push_back(descriptor);
  return open;
}

std::size_t lines_of(const char* path) {
  std::ifstream file(path);
  return static_cast<std::size_t>(std::count(std::istreambuf_iterator<char>(file), {}, '\n'));
}

/// How this memory is mapped ("rw-p"), "" where it is not.
std::string permissions_of(const void* address) {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    const auto begin = std::stoull(line, nullptr, 16);
    const auto end = std::stoull(line.substr(line.find('-') + 1), nullptr, 16);
    const auto looked_for = reinterpret_cast<std::uintptr_t>(address);
    if (begin <= looked_for && looked_for < end) return line.substr(line.find(' ') + 1, 4);
  }
  return "";
}

/// A new stack, or the story's failure.
Stack made(Story& s, std::size_t bytes) {
  s.step("Stack::make(" + std::to_string(bytes) + ")");
  auto stack = Stack::make(bytes);
  if (!stack) s.fail("Stack::make", "a stack", stack.error().message);
  return std::move(*stack);
}

/// Memory of any size for a context; valgrind is told of it.
class Room {
 public:
  explicit Room(std::size_t bytes)
      : memory_(bytes), number_(VALGRIND_STACK_REGISTER(memory_.data(), memory_.data() + bytes)) {}
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;
  ~Room() { VALGRIND_STACK_DEREGISTER(number_); }
  std::span<std::byte> bytes() { return memory_; }

 private:
  std::vector<std::byte> memory_;
  unsigned number_;
};

// --- milestone 1: the switch ---------------------------------------------------------------------

#ifdef __x86_64__

/// What the convention wants kept; the order of the harness below.
struct Registers {
  std::uint64_t rbx = 0, rbp = 0, r12 = 0, r13 = 0, r14 = 0, r15 = 0;
  std::uint32_t mxcsr = 0x1f80;
  std::uint16_t x87 = 0x37f;
};

/// Loads `*set`, switches, and writes into `*found` what is there when somebody has switched back.
/// Its own caller's registers lie on its stack meanwhile, so that it survives whatever the switch
/// forgets.
extern "C" void switch_with(const Registers* set, Registers* found, Context* from,
                            const Context* to);
asm(R"(
    .text
    .type switch_with, @function
switch_with:
    pushq %rbx
    pushq %rbp
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    subq $24, %rsp
    stmxcsr (%rsp)
    fnstcw 4(%rsp)
    movq %rsi, 8(%rsp)
    movq %rdi, %rax
    movq %rdx, %rdi
    movq %rcx, %rsi
    movq (%rax), %rbx
    movq 8(%rax), %rbp
    movq 16(%rax), %r12
    movq 24(%rax), %r13
    movq 32(%rax), %r14
    movq 40(%rax), %r15
    ldmxcsr 48(%rax)
    fldcw 52(%rax)
    callq switch_context@PLT
    movq 8(%rsp), %rax
    movq %rbx, (%rax)
    movq %rbp, 8(%rax)
    movq %r12, 16(%rax)
    movq %r13, 24(%rax)
    movq %r14, 32(%rax)
    movq %r15, 40(%rax)
    stmxcsr 48(%rax)
    fnstcw 52(%rax)
    ldmxcsr (%rsp)
    fldcw 4(%rsp)
    addq $24, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    ret
    .size switch_with, .-switch_with
)");

/// Two contexts that load registers of their own before they switch to the other.
struct Pair {
  Context here, there;
  Registers of_here, of_there, found_here, found_there;
};

Registers drawn(Random& random) {
  Registers drawn;
  for (std::uint64_t* one :
       {&drawn.rbx, &drawn.rbp, &drawn.r12, &drawn.r13, &drawn.r14, &drawn.r15})
    *one = random.bits();
  // The rounding; where there is a processor, flush to zero and the precision as well, which
  // valgrind does not imitate.
  drawn.mxcsr = static_cast<std::uint32_t>(0x1f80 | random.between(0, 3) << 13U);
  drawn.x87 = static_cast<std::uint16_t>((0x37f & ~(3U << 10U)) | random.between(0, 3) << 10U);
  if (RUNNING_ON_VALGRIND == 0) {
    drawn.mxcsr |= static_cast<std::uint32_t>(random.between(0, 1) << 15U);
    if (random.chance(0.5)) drawn.x87 = static_cast<std::uint16_t>(drawn.x87 & ~(1U << 8U));
  }
  return drawn;
}

constexpr std::uint32_t mxcsr_control = 0xffc0;  // the six bits below tell what has happened

/// Plays many rounds and looks at one register of the two contexts.
void expect_kept(
    std::initializer_list<std::pair<const char*, std::uint64_t (*)(const Registers&)>> registers) {
  Story s;
  Random random(dialtone::test_seed());
  Room room(64 << 10U);
  Pair pair;
  s.step("prepare(…)");
  prepare(
      &pair.there, room.bytes(),
      [](void* argument) {
        auto& both = *static_cast<Pair*>(argument);
        for (;;) switch_with(&both.of_there, &both.found_there, &both.there, &both.here);
      },
      &pair);
  for (int round = 0; round < 200; ++round) {
    const Registers of_there = pair.of_there;
    pair.of_here = drawn(random), pair.of_there = drawn(random);
    s.step("round " + std::to_string(round) + ": there and back again");
    switch_with(&pair.of_here, &pair.found_here, &pair.here, &pair.there);
    for (const auto& [name, value] : registers) {
      s.expect_equal(std::string(name) + ", back here", value(pair.found_here),
                     value(pair.of_here));
      if (round > 0)
        s.expect_equal(std::string(name) + ", back there", value(pair.found_there),
                       value(of_there));
    }
  }
}

template <class T>
bool kind_is(const Result<T>& result, Error::Kind kind) {
  return !result && result.error().kind == kind;
}

TEST_CASE("the_registers_that_a_function_must_keep_are_kept") {
  expect_kept({{"rbx", [](const Registers& r) { return r.rbx; }},
               {"rbp", [](const Registers& r) { return r.rbp; }},
               {"r12", [](const Registers& r) { return r.r12; }},
               {"r13", [](const Registers& r) { return r.r13; }},
               {"r14", [](const Registers& r) { return r.r14; }},
               {"r15", [](const Registers& r) { return r.r15; }}});
}

TEST_CASE("the_control_words_are_kept") {
  expect_kept({{"MXCSR", [](const Registers& r) { return std::uint64_t{r.mxcsr & mxcsr_control}; }},
               {"the x87 control word", [](const Registers& r) { return std::uint64_t{r.x87}; }}});
}

/// What a context finds when it begins.
struct Beginning {
  std::uint64_t rsp = 0;
  std::uint32_t mxcsr = 0;
  std::uint16_t x87 = 0;
  Context there, here;
  int begun = 0;
};

extern "C" void look_around(void* argument);
asm(R"(
    .text
    .type look_around, @function
look_around:
    movq %rsp, (%rdi)
    stmxcsr 8(%rdi)
    fnstcw 12(%rdi)
    jmp looked_around
    .size look_around, .-look_around
)");
extern "C" [[gnu::used]] void looked_around(Beginning* beginning) {
  ++beginning->begun;
  switch_context(&beginning->there, &beginning->here);
  std::abort();
}

TEST_CASE("a_context_begins_aligned_within_its_stack_whatever_its_size") {
  for (const std::size_t odd : {0U, 1U, 7U, 8U, 15U, 16U, 17U, 24U}) {
    Story s;
    Room room((32U << 10U) + odd);
    Beginning beginning;
    s.step("prepare with a stack of 32 KiB and " + std::to_string(odd) + " bytes, and switch");
    prepare(&beginning.there, room.bytes(), look_around, &beginning);
    switch_context(&beginning.here, &beginning.there);
    s.expect_equal("how often it began, told by its argument", beginning.begun, 1);
    s.expect_equal("rsp % 16 at its first instruction", beginning.rsp % 16, 8U);
    const auto top = reinterpret_cast<std::uintptr_t>(room.bytes().data()) + room.bytes().size();
    s.expect("rsp lies within the stack", beginning.rsp + 8 <= top && beginning.rsp > top - 4096,
             "just below " + std::to_string(top), std::to_string(beginning.rsp));
  }
}

TEST_CASE("a_context_begins_with_the_control_words_of_who_prepared_it") {
  Story s;
  Room room(32U << 10U);
  Beginning beginning;
  s.step("round upward, prepare, round to nearest, switch");
  std::fesetround(FE_UPWARD);
  try {
    prepare(&beginning.there, room.bytes(), look_around, &beginning);
  } catch (...) {
    std::fesetround(FE_TONEAREST);
    throw;
  }
  std::fesetround(FE_TONEAREST);
  switch_context(&beginning.here, &beginning.there);
  s.expect_equal("the rounding of MXCSR (2: upward)", beginning.mxcsr >> 13U & 3U, 2U);
  s.expect_equal("the rounding of the x87 control word", beginning.x87 >> 10U & 3U, 2U);
  s.expect_equal("the rounding here", std::fegetround(), FE_TONEAREST);
}

#endif

struct Walker {
  Context context;
  std::deque<Walker>* all = nullptr;
  std::size_t me = 0;
  std::size_t* next = nullptr;
  Context* home = nullptr;
  std::uint64_t steps = 0;
  bool lost = false;
};

TEST_CASE("many_contexts_go_on_where_they_were") {
  Story s;
  Random random(dialtone::test_seed());
  std::deque<Room> rooms;
  std::deque<Walker> walkers(20);
  Context home;
  std::size_t next = 0;
  s.step("prepare 20 contexts");
  for (std::size_t i = 0; i < walkers.size(); ++i) {
    walkers[i].all = &walkers, walkers[i].me = i, walkers[i].next = &next, walkers[i].home = &home;
    prepare(
        &walkers[i].context, rooms.emplace_back(32U << 10U).bytes(),
        [](void* argument) {
          auto& self = *static_cast<Walker*>(argument);
          volatile std::uint64_t mine = self.me * 1'000'003;
          for (std::uint64_t step = 0;; ++step) {
            if (mine != self.me * 1'000'003 + step || step != self.steps) self.lost = true;
            mine = mine + 1;
            ++self.steps;
            switch_context(&self.context, self.home);
          }
        },
        &walkers[i]);
  }
  s.step("switch to one of them 10,000 times, and back");
  std::vector<std::uint64_t> expected(walkers.size());
  for (int i = 0; i < 10'000; ++i) {
    next = random.between(0, walkers.size() - 1);
    ++expected[next];
    switch_context(&home, &walkers[next].context);
  }
  for (std::size_t i = 0; i < walkers.size(); ++i) {
    s.expect_equal("steps of context " + std::to_string(i), walkers[i].steps, expected[i]);
    s.expect_equal("whether it lost its variables", walkers[i].lost, false);
  }
}

TEST_CASE("a_context_that_switches_to_itself_goes_on") {
  Story s;
  Context self;
  s.step("switch_context(&self, &self)");
  volatile int returns = 0;
  switch_context(&self, &self);
  returns = returns + 1;
  s.expect_equal("how often it returned", static_cast<int>(returns), 1);
}

// --- outside a run -------------------------------------------------------------------------------

TEST_CASE("nothing_is_spawned_outside_a_run") {
  Story s;
  Core core;
  s.step("spawn, before any run");
  s.expect("its answer", kind_is(core.spawn("nobody", [] {}), Kind::no_thread), "no_thread",
           "another");
}

TEST_CASE("nobody_is_joined_outside_a_run") {
  Story s;
  Core core;
  s.step("join(0), before any run");
  s.expect("its answer", kind_is(core.join(0), Kind::no_thread), "no_thread", "another");
}

TEST_CASE("nobody_waits_for_a_descriptor_outside_a_run") {
  Story s;
  Core core;
  s.step("wait_ready(0, readable, now), before any run");
  const auto waited = core.wait_ready(0, Direction::readable, Clock::now());
  s.expect("its answer", kind_is(waited, Kind::no_thread), "no_thread", "another");
}

TEST_CASE("a_yield_outside_a_run_returns_at_once") {
  Story s;
  Core core;
  s.step("yield(), before any run");
  core.yield();
  s.expect_equal("switches()", core.switches(), 0U);
}

TEST_CASE("nobody_sleeps_outside_a_run") {
  Story s;
  Core core;
  s.step("sleep_until(an hour from now), before any run");
  const auto when = Clock::now() + std::chrono::hours(1);
  core.sleep_until(when);
  s.expect("when it returned", Clock::now() < when, "before that hour is over", "after it");
}

TEST_CASE("self_is_0_outside_a_run") {
  Story s;
  const Core core;
  s.step("self(), before any run");
  s.expect_equal("self()", core.self(), 0U);
}

TEST_CASE("there_were_no_switches_before_the_first_run") {
  Story s;
  const Core core;
  s.step("switches(), before any run");
  s.expect_equal("switches()", core.switches(), 0U);
}

TEST_CASE("a_channel_outside_a_run_is_filled_and_never_waits") {
  Story s;
  Core core;
  Channel channel(core, 1);
  s.step("send(7), then send(8), into a channel of one");
  s.expect("the first answer", channel.send(7).has_value(), "well", "another");
  s.expect("the second answer", kind_is(channel.send(8), Kind::deadlock), "deadlock", "another");
}

TEST_CASE("a_channel_outside_a_run_is_emptied_and_never_waits") {
  Story s;
  Core core;
  Channel channel(core, 1);
  s.step("receive() from an empty channel");
  s.expect("its answer", kind_is(channel.receive(), Kind::deadlock), "deadlock", "another");
}

TEST_CASE("a_channel_outside_a_run_is_closed") {
  Story s;
  Core core;
  Channel channel(core, 1);
  s.step("close(), then send(7)");
  channel.close();
  s.expect("its answer", kind_is(channel.send(7), Kind::closed), "closed", "another");
}

// --- milestone 2: stacks -------------------------------------------------------------------------

TEST_CASE("a_stack_has_whole_pages_one_at_least") {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  for (const auto& [asked, given] : {std::pair{std::size_t{0}, page},
                                     {1, page},
                                     {page, page},
                                     {page + 1, 2 * page},
                                     {10 * page - 1, 10 * page}}) {
    Story s;
    const Stack stack = made(s, asked);
    s.expect_equal("its bytes", stack.bytes().size(), given);
    s.expect_equal("where they begin within a page",
                   reinterpret_cast<std::uintptr_t>(stack.bytes().data()) % page, 0U);
    stack.bytes().front() = stack.bytes().back() = std::byte{1};
  }
}

TEST_CASE("a_guard_page_lies_below_a_stack_and_is_known") {
  Story s;
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const Stack stack = made(s, 3 * page);
  const std::byte* const first = stack.bytes().data();
  s.expect_equal("permissions of the page below", permissions_of(first - 1), std::string("---p"));
  s.expect_equal("permissions at its other end", permissions_of(first - page), std::string("---p"));
  s.expect_equal("permissions of the first byte", permissions_of(first), std::string("rw-p"));
  s.expect_equal("permissions of the last byte", permissions_of(&stack.bytes().back()),
                 std::string("rw-p"));
  for (const auto& [offset, guarded] :
       {std::pair{-1, true}, {-4096, true}, {0, false}, {1, false}, {-4097, false}}) {
    if (page == 4096)
      s.expect_equal("guards(bytes().data() " + std::to_string(offset) + ")",
                     stack.guards(first + offset), guarded);
  }
}

TEST_CASE("an_empty_stack_guards_nothing") {
  Story s;
  static const Stack none;  // never destroyed: this is about guards() alone
  s.step("guards(nullptr) of a stack that owns nothing");
  s.expect_equal("guards", none.guards(nullptr), false);
}

TEST_CASE("a_stack_is_given_back_with_its_guard_page") {
  Story s;
  const void* first = nullptr;
  {
    const Stack stack = made(s, 64U << 10U);
    first = stack.bytes().data();
  }
  s.step("it is destroyed");
  s.expect_equal("permissions of its first byte", permissions_of(first), std::string());
  s.expect_equal("permissions of its guard page",
                 permissions_of(static_cast<const std::byte*>(first) - 1), std::string());
}

TEST_CASE("a_stack_larger_than_all_memory_is_no_room") {
  for (const std::size_t bytes :
       {std::numeric_limits<std::size_t>::max(), std::numeric_limits<std::size_t>::max() - 4096,
        std::size_t{1} << 60U}) {
    Story s;
    s.step("Stack::make(" + std::to_string(bytes) + ")");
    const auto stack = Stack::make(bytes);
    s.expect_equal("what came of it", std::string(stack ? "ok" : name_of(stack.error().kind)),
                   std::string("no_room"));
  }
}

// --- milestone 3: threads that take turns --------------------------------------------------------

TEST_CASE("threads_take_turns_in_the_order_of_the_line") {
  Play p;
  p.expect("main a1 b1 main a2 b2 a3 b3", [&] {
    for (const std::string name : {"a", "b"})
      p.spawn(name, [&p, name] {
        for (const char turn : {'1', '2', '3'}) {
          p.log(name + turn);
          p.core.yield();
        }
      });
    p.log("main");  // who spawns goes on
    p.core.yield();
    p.log("main");
  });
}

TEST_CASE("a_thread_alone_yields_to_itself") {
  Play p;
  p.expect("1 2", [&] {
    p.log("1");
    p.core.yield();
    p.log("2");
  });
}

TEST_CASE("numbers_begin_with_0_and_are_never_used_again") {
  Play p;
  const auto body = [&] {
    p.log(std::to_string(p.core.self()));
    for (int i = 0; i < 3; ++i) {
      const ThreadId thread = p.spawn("x", [&] { p.log(std::to_string(p.core.self())); });
      p.log(std::to_string(thread) + ":");
      static_cast<void>(p.core.join(thread));
    }
  };
  p.expect("0 1: 1 2: 2 3: 3", body);
  p.expect("0 1: 1 2: 2 3: 3 0 1: 1 2: 2 3: 3", body);  // each run counts anew
}

TEST_CASE("switches_are_counted_from_one_thread_to_another") {
  Play p;
  p.expect("0 0 2 4", [&] {
    const auto count = [&] { p.log(std::to_string(p.core.switches())); };
    count();
    p.core.yield();  // to itself
    count();
    const ThreadId other = p.spawn("other", [&] { p.core.yield(); });
    p.core.yield();
    count();
    static_cast<void>(p.core.join(other));  // there, and back at its end
    count();
  });
}

TEST_CASE("join_waits_for_the_end_and_not_for_one_that_was") {
  Play p;
  p.expect("a1 a2 joined ok ok no_thread", [&] {
    const ThreadId a = p.spawn("a", [&] {
      p.log("a1");
      p.core.yield();
      p.log("a2");
    });
    auto result = p.core.join(a);
    p.log("joined " + told(result));
    p.log(told(p.core.join(a)));
    p.log(told(p.core.join(a + 1)));
  });
}

TEST_CASE("several_may_join_one") {
  Play p;
  p.expect("long b:ok c:ok main:ok", [&] {
    const ThreadId slow = p.spawn("slow", [&] {
      for (int i = 0; i < 5; ++i) p.core.yield();
      p.log("long");
    });
    for (const std::string name : {"b", "c"})
      p.spawn(name, [&p, name, slow] { p.log(name + ":" + told(p.core.join(slow))); });
    p.core.yield();
    p.log("main:" + told(p.core.join(slow)));
  });
}

TEST_CASE("an_exception_is_told_to_the_first_that_joins") {
  Play p;
  p.expect("threw boom ok threw ok", [&] {
    const ThreadId late = p.spawn("late", [] { throw std::runtime_error("boom"); });
    const auto result = p.core.join(late);
    p.log(told(result) + " " + (result ? "" : result.error().message));
    p.log(told(p.core.join(late)));
    const ThreadId early = p.spawn("early", [] { throw 1; });
    p.core.yield();  // it has ended before anybody joins it
    p.log(told(p.core.join(early)));
    p.log(told(p.core.join(early)));
  });
}

TEST_CASE("run_tells_the_first_exception_that_nobody_has_received") {
  Play p;
  const auto result = p.run([&] {
    const ThreadId received = p.spawn("received", [] { throw std::runtime_error("received"); });
    p.spawn("first", [] { throw std::runtime_error("first"); });
    p.spawn("second", [] { throw std::runtime_error("second"); });
    static_cast<void>(p.core.join(received));
  });
  p.story.expect_equal("what came of the run", told_with_message(result),
                       std::string("threw: first"));
  p.expect("well", [&] { p.log("well"); });  // another run knows nothing of it
}

TEST_CASE("a_run_within_a_run_is_refused_and_harms_nobody") {
  Play p;
  p.expect("system system on", [&] {
    Core other;
    p.log(told(other.run("other", [] {})));
    p.log(told(p.core.run("again", [] {})));
    p.core.yield();
    p.log("on");
  });
}

TEST_CASE("more_threads_than_may_be_are_refused") {
  Options options;
  options.most_threads = 3;
  Play p(options);
  p.expect("1 2 no_room end end 3", [&] {
    for (int i = 0; i < 3; ++i) p.log(told(p.core.spawn("x", [&] { p.log("end"); })));
    p.core.yield();
    p.log(told(p.core.spawn("y", [] {})));  // the ended ones make room, a refusal takes no number
  });
  options.most_threads = 0;
  Core for_nobody(options);
  const std::size_t before = descriptors().size();
  p.story.expect_equal("a run with room for nobody", told(for_nobody.run("main", [] {})),
                       std::string("no_room"));
  p.story.expect_equal("descriptors that are left open", descriptors().size() - before, 0U);
  options = {};
  options.stack_bytes = std::size_t{1} << 60U;
  p.story.expect_equal("a run with stacks too large", told(Core(options).run("main", [] {})),
                       std::string("no_room"));
}

TEST_CASE("each_event_is_told_in_its_order") {
  std::string log;
  Options options;
  options.tell = [&log](const Event& event) {
    constexpr const char* names[] = {"ready", "runs", "yielded", "over", "waits", "ended"};
    log += (log.empty() ? "" : " ") + std::to_string(event.thread) + ":" +
           names[static_cast<int>(event.what)];
  };
  Play p(options);
  p.expect("", [&] {
    const ThreadId other = p.spawn("other", [&] { p.core.yield(); });
    static_cast<void>(p.core.join(other));
  });
  p.story.expect_equal("the events", log,
                       std::string("0:ready 0:runs 1:ready 0:waits 1:runs 1:yielded 1:runs 1:ended "
                                   "0:ready 0:runs 0:ended"));
}

// --- time ---

TEST_CASE("sleepers_wake_in_the_order_of_their_times") {
  Play p;
  p.expect("20 20' 20'' 40 60", [&] {
    const auto now = Clock::now();
    for (const auto& [name, time] :
         {std::pair<const char*, int>{"60", 60}, {"20", 20}, {"40", 40}, {"20'", 20}, {"20''", 20}})
      p.spawn(name, [&p, name = std::string(name), until = now + milliseconds(time)] {
        p.core.sleep_until(until);
        p.log(Clock::now() < until ? name + " too early" : name);
      });
  });
}

TEST_CASE("who_sleeps_leaves_the_core_to_the_others") {
  Play p;
  p.expect("others woke", [&] {
    bool awake = false;
    p.spawn("sleeper", [&] {
      p.core.sleep_until(in(milliseconds(20)));
      awake = true;
    });
    while (!awake) p.core.yield();  // time is looked at while others run, too
    p.log("others woke");
  });
}

TEST_CASE("times_that_are_over_and_never_come_do_no_harm") {
  Play p;
  Pipe pipe;
  p.expect("past begin ok", [&] {
    p.core.sleep_until(Clock::now() - seconds(1));
    p.log("past");
    p.core.sleep_until(Clock::time_point::min());
    p.log("begin");
    p.spawn("writer", [&] {
      p.core.sleep_until(in(milliseconds(5)));
      pipe.fill();
    });
    p.log(told(p.core.wait_ready(pipe.out.get(), Direction::readable, Clock::time_point::max())));
  });
}

// --- descriptors ---

TEST_CASE("a_wait_for_a_descriptor_hands_the_core_on") {
  Play p;
  Pipe empty, full;
  full.fill();
  p.expect("others ok others ok", [&] {
    p.spawn("others", [&] {
      p.log("others");
      empty.fill();
      p.core.yield();
    });
    p.log(told(p.core.wait_ready(empty.out.get(), Direction::readable, in(seconds(60)))));
    p.spawn("others", [&] { p.log("others"); });
    p.log(told(p.core.wait_ready(full.out.get(), Direction::readable, in(seconds(60)))));
  });
}

TEST_CASE("room_to_write_an_error_and_a_hang_up_are_readiness") {
  Play p;
  Pipe open, no_reader, no_writer;
  no_reader.out.reset();
  no_writer.in.reset();
  p.expect("ok ok ok", [&] {
    p.log(told(p.core.wait_ready(open.in.get(), Direction::writable, in(seconds(60)))));
    p.log(told(p.core.wait_ready(no_reader.in.get(), Direction::readable, in(seconds(60)))));
    p.log(told(p.core.wait_ready(no_writer.out.get(), Direction::readable, in(seconds(60)))));
  });
}

TEST_CASE("a_wait_ends_at_its_deadline_and_one_that_is_over_looks_once") {
  Play p;
  Pipe empty, full;
  full.fill();
  p.expect("timed_out timed_out ok", [&] {
    const auto deadline = in(milliseconds(20));
    const auto result = p.core.wait_ready(empty.out.get(), Direction::readable, deadline);
    p.log(Clock::now() < deadline ? "too early" : told(result));
    const auto past = Clock::now() - seconds(1);
    p.log(told(p.core.wait_ready(empty.out.get(), Direction::readable, past)));
    p.log(told(p.core.wait_ready(full.out.get(), Direction::readable, past)));
  });
}

TEST_CASE("more_ready_descriptors_than_one_look_takes_are_all_found_before_their_deadlines") {
  Play p;
  std::deque<Pipe> pipes(100);
  int ready = 0;
  p.expect("", [&] {
    const auto deadline = in(milliseconds(200));
    for (Pipe& pipe : pipes) {
      p.spawn("reader", [&] {
        if (p.core.wait_ready(pipe.out.get(), Direction::readable, deadline)) ++ready;
      });
    }
    p.core.yield();
    for (const Pipe& pipe : pipes) pipe.fill();
    while (Clock::now() <= deadline) continue;  // and nobody has looked meanwhile
  });
  p.story.expect_equal("how many of 100 were found ready", ready, 100);
}

TEST_CASE("what_epoll_does_not_take_and_a_second_waiter_are_refused") {
  Play p;
  Pipe pipe;
  const FileDescriptor file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  const auto code = [&](int descriptor) {
    const auto result = p.core.wait_ready(descriptor, Direction::readable, in(milliseconds(5'000)));
    p.log(told(result) + (result ? "" : ":" + std::to_string(result.error().code)));
  };
  p.expect("system:" + std::to_string(EPERM) + " system:" + std::to_string(EBADF) +
               " system:" + std::to_string(EEXIST) + " ok",
           [&] {
             code(file.get());
             code(-1);
             p.spawn("first", [&] { code(pipe.out.get()); });
             p.core.yield();
             code(pipe.out.get());
             pipe.fill();
           });
}

TEST_CASE("a_descriptor_that_is_closed_while_waited_for_confuses_nobody") {
  Play p;
  Pipe first, second;
  const int number = first.out.get();
  const FileDescriptor copy(::dup(number));  // so that epoll still knows of it
  p.expect("system timed_out timed_out ok", [&] {
    p.spawn("waits", [&] {
      p.log(told(p.core.wait_ready(number, Direction::readable, in(milliseconds(20)))));
      // The number now is another pipe's, which nothing was written into.
      p.log(told(p.core.wait_ready(number, Direction::readable, in(milliseconds(20)))));
      second.fill();
      p.log(told(p.core.wait_ready(number, Direction::readable, in(seconds(60)))));
    });
    p.core.yield();
    ::dup2(second.out.get(), number);
    p.log(told(p.core.wait_ready(number, Direction::readable, in(seconds(60)))));
    p.core.sleep_until(in(milliseconds(30)));
    first.fill();
  });
}

TEST_CASE("descriptors_are_looked_at_while_others_run") {
  Play p;
  Pipe pipe;
  p.expect("ok", [&] {
    bool over = false;
    p.spawn("reader", [&] {
      p.log(told(p.core.wait_ready(pipe.out.get(), Direction::readable, in(seconds(60)))));
      over = true;
    });
    p.core.yield();
    pipe.fill();
    int yields = 0;
    while (!over && ++yields < 200) p.core.yield();
    if (yields >= 200) p.log("too late");
  });
}

// --- channels ---

TEST_CASE("a_channel_gives_what_was_put_in_first") {
  Play p;
  p.expect("1 2 3", [&] {
    Channel channel(p.core, 3);
    for (const int number : {1, 2, 3}) static_cast<void>(channel.send(number));
    for (int i = 0; i < 3; ++i) p.log(told(channel.receive()));
  });
}

TEST_CASE("a_full_channel_stops_its_senders_and_serves_them_in_order") {
  Play p;
  p.expect("sent1 sent2 1 2 3 4 sent3 sent4 sent5 5", [&] {
    Channel channel(p.core, 2);
    const auto send = [&](int number) {
      if (channel.send(number)) p.log("sent" + std::to_string(number));
    };
    p.spawn("s", [&, send] { send(1), send(2), send(3); });
    p.spawn("t", [send] { send(4); });
    p.spawn("u", [send] { send(5); });
    p.core.yield();
    for (int i = 0; i < 4; ++i) p.log(told(channel.receive()));
    p.core.yield();
    p.log(told(channel.receive()));
  });
}

TEST_CASE("receivers_are_served_in_order_and_none_comes_between") {
  Play p;
  p.expect("a:1 b:2 main:3", [&] {
    Channel channel(p.core, 8);
    for (const std::string name : {"a", "b"})
      p.spawn(name, [&, name] { p.log(name + ":" + told(channel.receive())); });
    p.core.yield();
    for (const int number : {1, 2, 3}) static_cast<void>(channel.send(number));
    const auto mine = channel.receive();  // 1 and 2 are given away, though not yet taken
    p.core.yield();
    p.log("main:" + told(mine));
  });
}

TEST_CASE("a_capacity_of_0_is_taken_for_1") {
  Play p;
  p.expect("ok 7", [&] {
    Channel channel(p.core, 0);
    p.log(told(channel.send(7)));
    p.log(told(channel.receive()));
  });
}

TEST_CASE("a_closed_channel_gives_what_is_left_and_then_ends") {
  Play p;
  p.expect("closed 1 2 closed closed", [&] {
    Channel channel(p.core, 2);
    static_cast<void>(channel.send(1));
    static_cast<void>(channel.send(2));
    channel.close();
    channel.close();  // a second time it does nothing
    p.log(told(channel.send(3)));
    for (int i = 0; i < 4; ++i) p.log(told(channel.receive()));
  });
}

TEST_CASE("closing_wakes_who_waits_and_their_numbers_are_not_put_in") {
  Play p;
  p.expect("closed closed r:closed 1 closed", [&] {
    Channel full(p.core, 1);
    Channel empty(p.core, 1);
    static_cast<void>(full.send(1));
    for (const int number : {2, 3})
      p.spawn("sender", [&, number] { p.log(told(full.send(number))); });
    p.spawn("receiver", [&] { p.log("r:" + told(empty.receive())); });
    p.core.yield();
    full.close();
    empty.close();
    p.core.yield();
    p.log(told(full.receive()));
    p.log(told(full.receive()));
  });
}

TEST_CASE("a_channel_that_goes_wakes_who_waits_for_it") {
  Play p;
  p.expect("closed closed", [&] {
    auto full = std::make_unique<Channel>(p.core, 1);
    auto empty = std::make_unique<Channel>(p.core, 1);
    static_cast<void>(full->send(1));
    p.spawn("sender", [&, channel = full.get()] { p.log(told(channel->send(2))); });
    p.spawn("receiver", [&, channel = empty.get()] { p.log(told(channel->receive())); });
    p.core.yield();
    full.reset();
    empty.reset();
  });
}

// --- deadlocks ---

TEST_CASE("a_deadlock_is_told_to_each_who_waits_and_they_go_on") {
  Play p;
  Channel empty(p.core, 1);
  Channel full(p.core, 1);
  const auto result = p.run([&] {
    static_cast<void>(full.send(1));
    const ThreadId reader = p.spawn("reader", [&] { p.log("reader:" + told(empty.receive())); });
    p.spawn("writer", [&] { p.log("writer:" + told(full.send(2))); });
    p.log("main:" + told(p.core.join(reader)));
    p.log("self:" + told(p.core.join(p.core.self())));
    p.log(told(full.receive()));
    p.log(full.send(5) ? "and 2 was not put in" : "?");
    throw std::runtime_error("and an exception");
  });
  p.story.expect_equal(
      "what came of the run", told_with_message(result),
      std::string("deadlock: thread 0 (main) waits for thread 1; thread 1 (reader) "
                  "waits for a channel; thread 2 (writer) waits for a channel"));
  p.story.expect_equal("the log", p.written(),
                       std::string("main:deadlock reader:deadlock writer:deadlock self:deadlock 1 "
                                   "and 2 was not put in"));
}

// --- milestone 4: turns that end -----------------------------------------------------------------

Options with_quantum(microseconds quantum) {
  Options options;
  options.quantum = quantum;
  return options;
}

/// Counts until it is told to stop; no function is called meanwhile.
void count_until(const std::atomic<bool>& stop, std::atomic<std::uint64_t>& count) {
  while (!stop) ++count;
}

TEST_CASE("threads_that_never_yield_all_get_on") {
  Play p(with_quantum(microseconds(500)));
  std::atomic<bool> stop = false;
  std::array<std::atomic<std::uint64_t>, 3> counts{};
  p.expect("", [&] {
    for (auto& count : counts) p.spawn("x", [&stop, &count] { count_until(stop, count); });
    while (counts[0] == 0 || counts[1] == 0 || counts[2] == 0) {
    }
    stop = true;
  });
}

TEST_CASE("the_signal_ends_a_turn_wherever_it_comes_from") {
  std::array<char, 64> events{};
  std::size_t count = 0;
  Options options;
  options.tell = [&](const Event& event) {
    if (count < events.size()) events[count++] = "rRyowe"[static_cast<int>(event.what)];
  };
  Play p(options);
  p.expect("before other after", [&] {
    p.spawn("other", [&] { p.log("other"); });
    p.log("before");
    ::raise(turn_over_signal);
    p.log("after");
  });
  p.story.expect_equal("the events: ready, runs, turn over, ended",
                       std::string(events.data(), count), std::string("rRroReRe"));
}

TEST_CASE("without_a_run_the_signal_does_nothing") {
  Play p;
  ::raise(turn_over_signal);
  p.expect("1", [&] { p.log("1"); });
  ::raise(turn_over_signal);
  {
    const Critical whole;
    ::raise(turn_over_signal);
  }
  p.expect("1 2", [&] { p.log("2"); });
}

TEST_CASE("a_turn_that_should_have_ended_ends_with_the_last_critical") {
  Play p;
  p.expect("1 2 3 other 4", [&] {
    p.spawn("other", [&] { p.log("other"); });
    {
      const Critical outer;
      {
        const Critical inner;
        p.log("1");
        ::raise(turn_over_signal);
        ::raise(turn_over_signal);  // over is over
        p.log("2");
      }
      p.log("3");
    }
    p.log("4");
  });
}

TEST_CASE("who_yields_within_a_critical_hands_the_core_on_and_is_within_it_again") {
  Play p;
  p.expect("other1 back other2 out", [&] {
    p.spawn("other", [&] {
      p.log("other1");
      p.core.yield();
      p.log("other2");
    });
    {
      const Critical whole;
      const Critical nested;
      p.core.yield();
      ::raise(turn_over_signal);
      p.log("back");
    }
    p.log("out");
  });
}

TEST_CASE("a_turn_that_ended_by_itself_ends_nobody_elses") {
  Play p;
  p.expect("other1 other2 main", [&] {
    p.spawn("other", [&] {
      p.log("other1");
      { const Critical whole; }
      p.log("other2");
    });
    const Critical whole;
    ::raise(turn_over_signal);
    p.core.yield();
    p.log("main");
  });
}

TEST_CASE("two_variables_that_belong_together_are_never_seen_apart") {
  Play p(with_quantum(microseconds(100)));
  volatile std::uint64_t one = 0;
  volatile std::uint64_t other = 0;
  std::atomic<bool> stop = false;
  std::uint64_t seen_apart = 0;
  p.expect("", [&] {
    for (int i = 0; i < 3; ++i)
      p.spawn("x", [&] {
        while (!stop) {
          const Critical whole;
          if (one != other) seen_apart = seen_apart + 1;
          one = one + 1;
          for (volatile int work = 0; work < 50;) work = work + 1;
          other = other + 1;
        }
      });
    while (p.core.switches() < 300) {
    }
    stop = true;
  });
  p.story.expect_equal("how often they were seen apart", seen_apart, 0U);
  p.story.expect_equal("whether anything was done", one > 0, true);
}

TEST_CASE("errno_is_each_threads_own") {
  Play p;
  Pipe pipe;
  pipe.fill();
  p.expect("7 7 7 7 7", [&] {
    bool over = false;
    p.spawn("other", [&] {
      while (!over) {
        errno = 99;
        p.core.yield();
      }
    });
    const auto after = [&](const auto& call) {
      errno = 7;
      call();
      const int found = errno;
      p.log(std::to_string(found));
    };
    after([&] { p.core.yield(); });
    after([&] { p.core.sleep_until(in(milliseconds(1))); });
    after([&] {
      static_cast<void>(p.core.wait_ready(pipe.out.get(), Direction::readable, in(seconds(60))));
    });
    after([&] { ::raise(turn_over_signal); });
    over = true;
    p.core.yield();
    after([&] {  // alone, while signals interrupt the core's own sleep
      std::atomic<bool> awake = false;
      std::thread pest([&awake, process = ::getpid(), target = ::gettid()] {
        while (!awake) ::tgkill(process, target, turn_over_signal);
      });
      errno = 7;
      p.core.sleep_until(in(milliseconds(5)));
      const int found = errno;
      awake = true;
      pest.join();
      errno = found;
    });
  });
}

TEST_CASE("a_signal_that_another_thread_of_the_kernels_gets_is_handed_on") {
  Play p;
  std::atomic<bool> stop = false;
  std::atomic<std::uint64_t> ours = 0;
  p.expect("", [&] {
    p.spawn("other", [&] { stop = true; });
    std::thread elsewhere([] { ::raise(turn_over_signal); });
    count_until(stop, ours);
    const Critical whole;
    elsewhere.join();
  });
}

// --- how a program ends --------------------------------------------------------------------------

struct Died {
  std::string said;  ///< on standard error
  int status = 0;    ///< as wait(2) tells
};

/// Runs the body in a child process, for a minute at most.
Died in_a_child(Story& s, const std::function<void()>& body) {
  s.step("a child process");
  Pipe err;
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(err.in.get(), STDERR_FILENO);
    ::alarm(60);
    body();
    ::_exit(0);
  }
  err.in.reset();
  Died died;
  char buffer[4096];
  for (ssize_t count; (count = ::read(err.out.get(), buffer, sizeof buffer)) > 0;)
    died.said.append(buffer, static_cast<std::size_t>(count));
  ::waitpid(child, &died.status, 0);
  return died;
}

/// The line of what was said that begins so; sanitizers and valgrind say more.
std::string line_of(const std::string& said, const std::string& beginning) {
  const auto at = said.find(beginning);
  return at == std::string::npos ? "" : said.substr(at, said.find('\n', at) - at);
}

volatile int depth_reached = 0;

[[gnu::noinline]] int deeper(int depth) {
  volatile char frame[200];
  frame[0] = static_cast<char>(depth);
  depth_reached = depth;
  return depth == std::numeric_limits<int>::max() ? 0 : deeper(depth + 1) + frame[0];
}

TEST_CASE("the_overflow_of_a_stack_is_reported_and_ends_the_program") {
  Play p;
  p.expect("well", [&] { p.log("well"); });
  const Died died = in_a_child(p.story, [] {
    Core core;
    static_cast<void>(core.run("main", [&core] {
      static_cast<void>(core.spawn("deep", [] { depth_reached = deeper(0); }));
    }));
  });
  p.story.expect_equal("what it said", line_of(died.said, "thread"),
                       std::string("thread 1 (deep): stack overflow, 65536 bytes are full"));
  p.story.expect_equal("the signal that it died of", WTERMSIG(died.status), SIGSEGV);
}

#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)
/// Calls itself until that little of the stack is left, and then waits for the quantum's end.
[[gnu::noinline]] void nearly_full(const volatile char* beginning, std::size_t room) {
  volatile char frame[64];
  frame[0] = 0;
  if (static_cast<std::size_t>(beginning - frame) < room)
    nearly_full(beginning, room);
  else
    for (volatile bool for_ever = true; for_ever;) continue;
  frame[1] = 1;
}

TEST_CASE("a_stack_with_no_room_for_a_signal_is_reported_as_an_overflow") {
  Play p;
  p.expect("well", [&] { p.log("well"); });
  if (RUNNING_ON_VALGRIND != 0) return;  // it has a mind of its own about stacks
  const Died died = in_a_child(p.story, [] {
    Core core(with_quantum(microseconds(1'000)));
    static_cast<void>(core.run("full", [] {
      volatile char here = 0;
      nearly_full(&here, (64U << 10U) - 1'000);
    }));
  });
  p.story.expect_equal("what it said", line_of(died.said, "thread"),
                       std::string("thread 0 (full): stack overflow, 65536 bytes are full"));
  p.story.expect_equal("the signal that it died of", WTERMSIG(died.status), SIGSEGV);
}
#endif

TEST_CASE("another_fault_is_left_to_whoever_handled_it_before") {
  Play p;
  p.expect("well", [&] { p.log("well"); });
  for (const bool sent : {false, true}) {
    const Died died = in_a_child(p.story, [sent] {
      ::signal(SIGSEGV, [](int) {
        static_cast<void>(::write(STDERR_FILENO, "mine\n", 5) == 5);
        ::raise(SIGUSR1);
      });
      Core core;
      static_cast<void>(core.run("main", [sent] {
        if (sent) ::raise(SIGSEGV);
        auto* const nowhere = static_cast<volatile char*>(
            ::mmap(nullptr, 1, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
        if (!sent) *nowhere = 1;
      }));
    });
    p.story.expect_equal("what it said", line_of(died.said, "mine"), std::string("mine"));
    p.story.expect_equal("of an overflow", line_of(died.said, "thread"), std::string());
    p.story.expect_equal("the signal that it died of", WTERMSIG(died.status), SIGUSR1);
  }
}

TEST_CASE("a_thread_that_does_not_let_go_ends_the_program_when_patience_is_over") {
  Play p;
  Options options;
  options.patience = milliseconds(40);
  Play patient(options);
  patient.expect("slept", [&] {
    patient.core.sleep_until(in(milliseconds(120)));  // the core's own sleep is nobody's turn
    patient.log("slept");
  });
  const Died died = in_a_child(p.story, [&options] {
    Core core(options);
    static_cast<void>(core.run("main", [&core] {
      static_cast<void>(core.spawn("greedy", [] {
        const Critical even_so;
        for (volatile bool for_ever = true; for_ever;) continue;
      }));
    }));
  });
  p.story.expect_equal("what it said", line_of(died.said, "thread"),
                       std::string("thread 1 (greedy) has not let go of the core for 40 ms"));
  p.story.expect_equal("its exit code", WEXITSTATUS(died.status), 1);
}

// --- what a run leaves ---------------------------------------------------------------------------

/// What a process has that a run may have changed.
std::string belongings() {
  std::string text = std::to_string(lines_of("/proc/self/timers")) + " timers";
  for (const int descriptor : descriptors()) text += " " + std::to_string(descriptor);
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("SigCgt") || line.starts_with("SigIgn") || line.starts_with("SigBlk"))
      text += " " + line;
  stack_t stack{};
  ::sigaltstack(nullptr, &stack);
  text += " " + std::to_string(reinterpret_cast<std::uintptr_t>(stack.ss_sp));
  return text;
}

TEST_CASE("a_run_leaves_nothing_whatever_its_end") {
  for (const char* how : {"well", "deadlock", "threw"}) {
    Play p(with_quantum(microseconds(1'000)));
    const std::string before = belongings();
    std::string middle;
    const auto result = p.run([&] {
      const Critical whole;
      middle = belongings();
      for (int i = 0; i < 100; ++i) static_cast<void>(p.core.join(p.spawn("x", [] {})));
      if (how[0] == 'd') static_cast<void>(p.core.join(p.core.self()));
      if (how[0] == 't') throw std::runtime_error("x");
    });
    p.story.expect_equal("what came of the run", told(result),
                         std::string(how[0] == 'w' ? "ok" : how));
    p.story.expect_equal("what it has", belongings(), before);
    p.story.expect_equal("whether it had more meanwhile", middle != before, true);
  }
}

TEST_CASE("ten_thousand_threads_leave_no_stack") {
  Play p;
  std::size_t before = 0;
  std::size_t after = 0;
  p.expect("", [&] {
    static_cast<void>(p.core.join(p.spawn("x", [] {})));
    before = lines_of("/proc/self/maps");
    for (int i = 0; i < 10'000; ++i) static_cast<void>(p.core.join(p.spawn("x", [] {})));
    after = lines_of("/proc/self/maps");
  });
  p.story.expect("mappings, before and after", after <= before + 3, std::to_string(before),
                 std::to_string(after));
}

}  // namespace
