// Lab 07: context switch. This is the one file that you edit; context_switch.hpp says what each
// function promises. Replace a todo(...) by your code, then run `make check LAB=07`.
#include "context_switch.hpp"

#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <ctime>
#include <deque>
#include <map>

#include "todo.hpp"

namespace context_switch {

using dialtone::note_todo;
using dialtone::todo;

// --- milestone 1: the switch ---

#ifndef CONTEXT_SWITCH_PORTABLE

// The frame is given: a symbol that the linker finds, between .text and .size. `from` comes in rdi,
// `to` in rsi; the address to go on at is on top of the stack. What you push on one side of the
// exchange of stack pointers you pop, in the reverse order, on the other. Write the middle, take
// the #if away, and remove the function with the todo.
#if 0
asm(R"(
    .text
    .globl switch_context
    .type switch_context, @function
switch_context:
    # save: rbp rbx r12 r13 r14 r15, and with stmxcsr and fnstcw the two control words
    # movq %rsp, (%rdi): Context has one member, the stack pointer
    # and the other way round
    .size switch_context, .-switch_context
)");
#endif

extern "C" void switch_context(Context* /*from*/, const Context* /*to*/) {
  todo("07", "switch_context");
}

/// A new stack has to look as if switch_context had been left on it. There is nobody to return to:
/// what is popped last is where the context begins, and its argument has to come along in one of
/// the registers that are popped before.
void prepare(Context* /*context*/, std::span<std::byte> /*stack*/, Entry /*entry*/,
             void* /*argument*/) {
  todo("07", "prepare");
}

#else  // given: the same without assembly, for machines that are no x86-64

extern "C" void switch_context(Context* from, const Context* to) {
  ::swapcontext(&from->saved, &to->saved);
}

namespace {

/// makecontext hands on numbers of 32 bits alone.
void begin(unsigned entry_high, unsigned entry_low, unsigned argument_high, unsigned argument_low) {
  const auto joined = [](unsigned high, unsigned low) {
    return static_cast<std::uintptr_t>(std::uint64_t{high} << 32U | low);
  };
  reinterpret_cast<Entry>(joined(entry_high, entry_low))(
      reinterpret_cast<void*>(joined(argument_high, argument_low)));
}

}  // namespace

void prepare(Context* context, std::span<std::byte> stack, Entry entry, void* argument) {
  ::getcontext(&context->saved);
  context->saved.uc_stack.ss_sp = stack.data();
  context->saved.uc_stack.ss_size = stack.size();
  context->saved.uc_link = nullptr;
  const auto first = std::uint64_t{reinterpret_cast<std::uintptr_t>(entry)};
  const auto second = std::uint64_t{reinterpret_cast<std::uintptr_t>(argument)};
  ::makecontext(&context->saved, reinterpret_cast<void (*)()>(begin), 4,
                static_cast<unsigned>(first >> 32U), static_cast<unsigned>(first),
                static_cast<unsigned>(second >> 32U), static_cast<unsigned>(second));
}

#endif

// --- milestone 2: stacks ---

Result<Stack> Stack::make(std::size_t /*bytes*/) {
  todo("07", "Stack::make");
}

Stack::~Stack() {
  note_todo("TODO(lab 07): Stack::~Stack");
}

bool Stack::guards(const void* /*address*/) const {
  todo("07", "Stack::guards");
}

// --- milestone 3: threads that take turns ---

/// What a core keeps. Yours: the threads, each with its stack and context; the line of those who
/// are ready; who sleeps until when; who waits for which descriptor.
struct Core::State {
  explicit State(Options with) : options(std::move(with)) {}

  Options options;
};

Core::Core(Options options) : state_(std::make_unique<State>(std::move(options))) {}

Core::~Core() = default;

Result<void> Core::run(std::string /*name*/, std::function<void()> /*body*/) {
  todo("07", "Core::run");
}

Result<ThreadId> Core::spawn(std::string /*name*/, std::function<void()> /*body*/) {
  todo("07", "Core::spawn");
}

void Core::yield() {
  todo("07", "Core::yield");
}

Result<void> Core::join(ThreadId /*thread*/) {
  todo("07", "Core::join");
}

void Core::sleep_until(Clock::time_point /*when*/) {
  todo("07", "Core::sleep_until");
}

Result<void> Core::wait_ready(int /*descriptor*/, Direction /*direction*/,
                              Clock::time_point /*deadline*/) {
  todo("07", "Core::wait_ready");
}

ThreadId Core::self() const {
  todo("07", "Core::self");
}

std::uint64_t Core::switches() const {
  todo("07", "Core::switches");
}

struct Channel::State {};

Channel::Channel(Core& /*core*/, std::size_t /*capacity*/) : state_(std::make_unique<State>()) {}

Channel::~Channel() = default;

Result<void> Channel::send(std::int64_t /*number*/) {
  todo("07", "Channel::send");
}

Result<std::int64_t> Channel::receive() {
  todo("07", "Channel::receive");
}

void Channel::close() {
  todo("07", "Channel::close");
}

// --- milestone 4: turns that end ---

const int turn_over_signal = SIGURG;

Critical::Critical() noexcept {}  // yours, too

Critical::~Critical() {
  note_todo("TODO(lab 07): Critical");
}

}  // namespace context_switch
