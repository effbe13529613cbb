// The bare switch of lab 07 for the judge: registers, how a context begins, and many contexts.
//
// On x86-64 all that surrounds a switch is assembly, which keeps nothing in a register that the
// switch should keep: one that a student's switch forgets is seen where it is looked for, and is no
// crash anywhere else.
#pragma once

#include <sys/mman.h>

#include <array>
#include <cstdint>
#include <memory>

#include "shim_answers.hpp"

namespace shim07 {

using context_switch::Context;
using context_switch::prepare;
using context_switch::switch_context;

/// The registers that a switch keeps. The assembly below knows the layout.
struct Registers {
  std::array<std::uint64_t, 6> whole{};  ///< rbx, rbp, r12, r13, r14, r15
  std::uint32_t mxcsr = 0x1f80;
  std::uint16_t x87 = 0x037f;
  std::uint16_t unused = 0;
};
static_assert(sizeof(Registers) == 56);

/// The context on the other side of a round.
struct Other {
  Context* itself = nullptr;
  Context* back_to = nullptr;
  Registers sets;  ///< before it switches back
  Registers saw;   ///< when it went on: what it had set before
};
static_assert(sizeof(Other) == 128);

/// How a context found the machine when it began.
struct Beginning {
  std::uint64_t stack_pointer = 0;
  void* argument = nullptr;
  std::uint32_t mxcsr = 0;
  std::uint32_t x87 = 0;
  Context* itself = nullptr;
  Context* back_to = nullptr;
};

#ifdef __x86_64__

inline constexpr bool has_registers = true;

extern "C" {
/// Sets the registers, switches, and tells what they are afterwards.
void lab07_round(Context* from, const Context* to, const Registers* wanted, Registers* got);
/// A switch that is harmless whatever it forgets.
void lab07_switch(Context* from, const Context* to);
/// An entry: for ever sets the registers and switches back (lab07_other).
void lab07_be_other(void*);
/// An entry: notes how it was begun (lab07_beginning) and switches back.
void lab07_begin(void*);
/// An entry: calls lab07_wander on a stack that is aligned, however it began.
void lab07_enter(void*);
void lab07_wander();
Other* lab07_other = nullptr;
Beginning* lab07_beginning = nullptr;
}

asm(R"(
    .text
    .macro lab07_keep_all
    pushq %rbp
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset rbp, 0
    pushq %rbx
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset rbx, 0
    pushq %r12
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset r12, 0
    pushq %r13
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset r13, 0
    pushq %r14
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset r14, 0
    pushq %r15
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset r15, 0
    subq $24, %rsp
    .cfi_adjust_cfa_offset 24
    stmxcsr (%rsp)
    fnstcw 4(%rsp)
    .endm

    .macro lab07_restore_all
    fnclex
    ldmxcsr (%rsp)
    fldcw 4(%rsp)
    addq $24, %rsp
    .cfi_adjust_cfa_offset -24
    popq %r15
    .cfi_adjust_cfa_offset -8
    popq %r14
    .cfi_adjust_cfa_offset -8
    popq %r13
    .cfi_adjust_cfa_offset -8
    popq %r12
    .cfi_adjust_cfa_offset -8
    popq %rbx
    .cfi_adjust_cfa_offset -8
    popq %rbp
    .cfi_adjust_cfa_offset -8
    .endm

    .macro lab07_set from
    movq \from+0(%rax), %rbx
    movq \from+8(%rax), %rbp
    movq \from+16(%rax), %r12
    movq \from+24(%rax), %r13
    movq \from+32(%rax), %r14
    movq \from+40(%rax), %r15
    fnclex
    ldmxcsr \from+48(%rax)
    fldcw \from+52(%rax)
    .endm

    .macro lab07_tell to
    movq %rbx, \to+0(%rax)
    movq %rbp, \to+8(%rax)
    movq %r12, \to+16(%rax)
    movq %r13, \to+24(%rax)
    movq %r14, \to+32(%rax)
    movq %r15, \to+40(%rax)
    stmxcsr \to+48(%rax)
    fnstcw \to+52(%rax)
    .endm

    .globl lab07_round
    .type lab07_round, @function
lab07_round:
    .cfi_startproc
    lab07_keep_all
    movq %rcx, 8(%rsp)
    movq %rdx, %rax
    lab07_set 0
    callq switch_context@PLT
    movq 8(%rsp), %rax
    lab07_tell 0
    lab07_restore_all
    retq
    .cfi_endproc
    .size lab07_round, .-lab07_round

    .globl lab07_switch
    .type lab07_switch, @function
lab07_switch:
    .cfi_startproc
    lab07_keep_all
    callq switch_context@PLT
    lab07_restore_all
    retq
    .cfi_endproc
    .size lab07_switch, .-lab07_switch

    .globl lab07_be_other
    .type lab07_be_other, @function
lab07_be_other:
    andq $-16, %rsp
1:  movq lab07_other(%rip), %rax
    lab07_set 16
    movq (%rax), %rdi
    movq 8(%rax), %rsi
    callq switch_context@PLT
    movq lab07_other(%rip), %rax
    lab07_tell 72
    jmp 1b
    .size lab07_be_other, .-lab07_be_other

    .globl lab07_begin
    .type lab07_begin, @function
lab07_begin:
    movq lab07_beginning(%rip), %rax
    movq %rsp, (%rax)
    movq %rdi, 8(%rax)
    stmxcsr 16(%rax)
    fnstcw 20(%rax)
    andq $-16, %rsp
    movq 24(%rax), %rdi
    movq 32(%rax), %rsi
    callq switch_context@PLT
    ud2
    .size lab07_begin, .-lab07_begin

    .globl lab07_enter
    .type lab07_enter, @function
lab07_enter:
    andq $-16, %rsp
    callq lab07_wander
    ud2
    .size lab07_enter, .-lab07_enter
)");

/// Sets both control words; the status bits are left out.
inline void set_words(std::uint32_t mxcsr, std::uint16_t x87) {
  asm volatile("fnclex\n\tldmxcsr %0\n\tfldcw %1" ::"m"(mxcsr), "m"(x87));
}

#else

inline constexpr bool has_registers = false;

extern "C" {
void lab07_switch(Context* from, const Context* to) {
  switch_context(from, to);
}
void lab07_wander();
void lab07_enter(void*) {
  lab07_wander();
}
Beginning* lab07_beginning = nullptr;
void lab07_begin(void* argument) {
  Beginning& here = *lab07_beginning;
  char place = 0;
  here.stack_pointer = reinterpret_cast<std::uintptr_t>(&place);
  here.argument = argument;
  switch_context(here.itself, here.back_to);
}
}

inline void set_words(std::uint32_t, std::uint16_t) {}

#endif

/// Memory for stacks: of the kernel's, so that nobody else's bookkeeping lies beside it.
class Memory {
 public:
  explicit Memory(std::size_t bytes)
      : all_(static_cast<std::byte*>(::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)),
             bytes) {
    if (static_cast<void*>(all_.data()) == MAP_FAILED) throw std::bad_alloc();
  }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory() { ::munmap(all_.data(), all_.size()); }
  std::span<std::byte> bytes() const { return all_; }

 private:
  std::span<std::byte> all_;
};

inline Registers registers_of(const json& fields) {
  Registers registers;
  for (std::size_t i = 0; i < registers.whole.size(); ++i)
    registers.whole[i] = fields.at(i).get<std::uint64_t>();
  registers.mxcsr = fields.at(6).get<std::uint32_t>();
  registers.x87 = fields.at(7).get<std::uint16_t>();
  return registers;
}

inline json fields_of(const Registers& registers) {
  json fields = registers.whole;
  fields.push_back(registers.mxcsr);
  fields.push_back(registers.x87);
  return fields;
}

/// Rounds of [what one side sets, what the other side sets]; answers what each found afterwards, or
/// null where the machine has no such registers.
inline Answer play_rounds(Message& request) {
#ifdef __x86_64__
  Memory memory(std::size_t{16} << 10U);
  Context here;
  Context there;
  Other other;
  other.itself = &there;
  other.back_to = &here;
  lab07_other = &other;
  prepare(&there, memory.bytes(), lab07_be_other, &other);
  json found = json::array();
  for (const json& round : request.body.at("rounds")) {
    const Registers ours = registers_of(round.at(0));
    other.sets = registers_of(round.at(1));
    Registers got;
    lab07_round(&here, &there, &ours, &got);
    found.push_back({fields_of(got), fields_of(other.saw)});
  }
  return value(found);
#else
  return value(nullptr);
#endif
}

/// A context on so many bytes, `offset` bytes into the memory; prepared under other control words.
inline Answer begin_one(Message& request) {
  const auto offset = request.body.at("offset").get<std::size_t>();
  const auto bytes = request.body.at("bytes").get<std::size_t>();
  const auto margin = std::size_t{4096};
  Memory memory(margin + offset + bytes + margin);
  std::memset(memory.bytes().data(), 0x5a, memory.bytes().size());
  const auto stack = memory.bytes().subspan(margin + offset, bytes);
  Context here;
  Context there;
  Beginning beginning;
  beginning.itself = &there;
  beginning.back_to = &here;
  lab07_beginning = &beginning;
  set_words(request.body.at("mxcsr").get<std::uint32_t>(),
            request.body.at("x87").get<std::uint16_t>());
  try {
    prepare(&there, stack, lab07_begin, &beginning + request.body.at("argument").get<int>());
  } catch (...) {
    set_words(0x1f80, 0x037f);
    throw;
  }
  set_words(0x1f80, 0x037f);
  lab07_switch(&here, &there);

  const auto argument = static_cast<Beginning*>(beginning.argument) - &beginning;
  const auto first = reinterpret_cast<std::uintptr_t>(stack.data());
  const auto untouched = [](std::span<const std::byte> margin_bytes) {
    for (const std::byte b : margin_bytes)
      if (b != std::byte{0x5a}) return false;
    return true;
  };
  return value({{"argument", argument},
                {"within", beginning.stack_pointer >= first &&
                               beginning.stack_pointer <= first + stack.size()},
                {"rest", beginning.stack_pointer % 16},
                {"mxcsr", beginning.mxcsr},
                {"x87", beginning.x87},
                {"registers", has_registers},
                {"below", untouched(memory.bytes().first(margin + offset))},
                {"above", untouched(memory.bytes().subspan(margin + offset + bytes))}});
}

/// Contexts that go from one to the next as the judge drew it.
struct Journey {
  std::vector<std::size_t> stops;      ///< which context runs, one after the other
  std::vector<std::uint64_t> figures;  ///< what each left at its stop
  std::size_t at = 0;
  std::unique_ptr<Context[]> contexts;
  Context home;
};
inline Journey* journey = nullptr;

/// What a context does that begins in lab07_enter. It never returns, so that the address sanitizer
/// would keep its stack for used.
inline void (*wandering)() = nullptr;

extern "C" [[gnu::used, gnu::no_sanitize("address")]] inline void lab07_wander() {
  wandering();
}

/// It keeps a sum of its own, in a variable of its own.
[[gnu::no_sanitize("address")]] inline void keep_a_sum() {
  const std::size_t self = journey->stops.data()[journey->at];
  volatile std::uint64_t kept[4] = {self, self + 1, self + 2, self + 3};
  for (;;) {
    for (volatile std::uint64_t& one : kept) one = one * 6364136223846793005U + journey->at;
    journey->figures.data()[journey->at] = kept[0] ^ kept[1] ^ kept[2] ^ kept[3];
    ++journey->at;
    const bool over = journey->at == journey->stops.size();
    lab07_switch(&journey->contexts[self],
                 over ? &journey->home : &journey->contexts[journey->stops.data()[journey->at]]);
  }
}

inline void set_out(Journey& trip, std::size_t contexts) {
  trip.figures.resize(trip.stops.size());
  trip.contexts = std::make_unique<Context[]>(contexts);
  journey = &trip;
  wandering = keep_a_sum;
  constexpr std::size_t each = std::size_t{16} << 10U;
  const Memory memory(contexts * each);
  for (std::size_t i = 0; i < contexts; ++i)
    prepare(&trip.contexts[i], memory.bytes().subspan(i * each, each), lab07_enter, nullptr);
  lab07_switch(&trip.home, &trip.contexts[trip.stops[0]]);
}

/// Answers what each left at its stop.
inline Answer travel(Message& request) {
  Journey trip;
  trip.stops = request.body.at("stops").get<std::vector<std::size_t>>();
  set_out(trip, request.body.at("contexts").get<std::size_t>());
  return value(trip.figures);
}

/// Two contexts, many times; answers the last figure.
inline Answer commute(Message& request) {
  Journey trip;
  trip.stops.resize(request.body.at("times").get<std::size_t>());
  for (std::size_t i = 0; i < trip.stops.size(); ++i) trip.stops[i] = i % 2;
  set_out(trip, 2);
  return value(trip.figures.back());
}

inline Context mask_here;
inline Context mask_there;

inline void block_a_signal() {
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, SIGUSR2);
  ::sigprocmask(SIG_BLOCK, &one, nullptr);
  lab07_switch(&mask_there, &mask_here);
}

/// Whether a signal that one context has blocked is blocked in the next; null where a switch of the
/// library's is allowed, which keeps a mask for each.
inline Answer switch_with_a_mask(Message&) {
  const Memory memory(std::size_t{64} << 10U);
  wandering = block_a_signal;
  prepare(&mask_there, memory.bytes(), lab07_enter, nullptr);
  lab07_switch(&mask_here, &mask_there);
  sigset_t now;
  ::sigprocmask(SIG_SETMASK, nullptr, &now);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
#ifdef CONTEXT_SWITCH_PORTABLE
  return value(nullptr);
#else
  return value(sigismember(&now, SIGUSR2) == 1);
#endif
}

}  // namespace shim07
