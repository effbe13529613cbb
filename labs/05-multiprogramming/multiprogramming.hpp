// Lab 05, multiprogramming: memory that is divided among several programs, the check that keeps
// them apart, and the dispatcher that gives the CPU to another one whenever one must wait.
//
// This header is the assignment; starter/multiprogramming.cpp is where you work. The machine that
// plays whole decks of jobs on your code is given (generations/, simulation/).
//
// Rules for the whole file:
// - A request that cannot be met is a value (`Refusal`), and changes nothing. Nothing throws.
// - Memory is counted in bytes from address 0. A region of size 0 does not exist.
// - Nothing here looks at a clock or touches the memory it deals out: it keeps the books.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <tl/expected.hpp>
#include <vector>

namespace multiprogramming {

// --- given -----------------------------------------------------------------------------------

using Address = std::uint64_t;

/// The bytes from `address` on, `size` of them.
struct Region {
  Address address = 0;
  Address size = 0;
  friend bool operator==(const Region& a, const Region& b) {
    return a.address == b.address && a.size == b.size;
  }
};

/// Why a request was not met.
enum class Refusal {
  size_of_zero,   ///< nobody needs nothing
  too_large,      ///< it would not fit if all the memory were free: waiting does not help
  no_room,        ///< it does not fit at the moment
  not_allocated,  ///< no program begins at this address
  known_already,  ///< a program of this number has been admitted and has not finished
  not_blocked,    ///< this program does not wait for I/O
  nobody_runs,    ///< there is no running program that could block or finish
};

template <class T>
using Result = tl::expected<T, Refusal>;

/// How the memory is used. allocated + internal + free is the whole of it.
struct Usage {
  Address allocated = 0;     ///< what the programs have asked for
  Address internal = 0;      ///< internal fragmentation: inside of partitions, and of no use there
  Address free = 0;          ///< in no program's hands
  Address largest_hole = 0;  ///< the most that one program could get at once
  Address external = 0;      ///< external fragmentation: free, but not in the largest hole
};

// --- milestone 1: fixed partitions -------------------------------------------------------------

/// A piece of memory that was cut once and for all.
struct Partition {
  Region region;
  Address used = 0;  ///< what its program has asked for; 0: it is free
};

/// Memory that was cut once and for all, when the machine was started (OS/360 MFT). A program gets
/// a whole partition, and what it does not need of it is wasted.
class FixedPartitions {
 public:
  /// The partitions' sizes; they lie one behind the other from address 0. Each is 1 or more.
  explicit FixedPartitions(const std::vector<Address>& sizes);

  /// Gives a program of this size the smallest free partition that it fits into; of several equal
  /// ones the one with the lowest address. The region is the whole partition.
  /// size_of_zero; too_large where no partition, free or not, is that large; else no_room.
  Result<Region> allocate(Address size);

  /// The program whose partition begins at `address` has left it. Else not_allocated.
  Result<void> release(Address address);

  /// Each free partition counts as a hole of its own, also where two lie side by side.
  Usage usage() const;

 private:
  std::vector<Partition> partitions_;  ///< in the order of their addresses
};

// --- milestone 2: variable partitions ----------------------------------------------------------

/// In which of several holes a program is put. Of equal ones always the one with the lowest
/// address.
enum class Fit {
  first,  ///< the lowest hole that is large enough
  next,   ///< the same, but the search goes on where the last one ended
  best,   ///< the smallest hole that is large enough
  worst,  ///< the largest hole
};

/// A program that was moved. The bytes may overlap where it was and where it is.
struct Move {
  Address from = 0;
  Address to = 0;
  Address size = 0;
  friend bool operator==(const Move& a, const Move& b) {
    return a.from == b.from && a.to == b.to && a.size == b.size;
  }
};

/// Memory that is cut as programs come and go (OS/360 MVT): each gets just what it asked for, and
/// between them there are holes.
class VariablePartitions {
 public:
  /// At first the whole memory is one hole. `size` is 1 or more.
  VariablePartitions(Address size, Fit fit);

  /// Puts a program of this size at the beginning of a hole that `fit` chooses; what is left over
  /// stays a hole, unless nothing is left.
  /// Next fit remembers the address at which its last allocation ended (0 at first). It begins with
  /// the hole that holds this address, or else with the next one above it, and goes round through
  /// all holes once. A hole that holds the address is a hole like any other: if a release made it
  /// grow downwards, the program is put at its new beginning.
  /// size_of_zero; too_large where it is more than the whole memory; else no_room.
  Result<Region> allocate(Address size);

  /// The program that begins at `address` has ended. Its region becomes a hole, one with the holes
  /// that it touches below and above it. Else not_allocated.
  Result<void> release(Address address);

  /// Moves the programs down, so that all free memory is one hole at the end; their order stays.
  /// Gives back the moves of the programs that lie elsewhere now, in an order in which they can be
  /// carried out one after the other without overwriting what is still to be moved. Afterwards next
  /// fit goes on at the beginning of the hole.
  std::vector<Move> compact();

  /// The holes in the order of their addresses. No two touch; none is empty.
  const std::vector<Region>& holes() const { return holes_; }

  /// Here no partition is larger than its program: `internal` is always 0.
  Usage usage() const;

 private:
  Address size_;
  Fit fit_;
  std::vector<Region> holes_;     ///< in the order of their addresses
  std::vector<Region> programs_;  ///< in the order of their addresses
  Address goes_on_ = 0;           ///< next fit: where the last allocation ended
};

// --- milestone 3: base and limit ---------------------------------------------------------------

/// The two registers that the system loads whenever it gives the CPU to a program. The hardware
/// compares and adds upon every access; a program cannot change them.
struct BoundRegisters {
  Address base = 0;   ///< where the program's memory begins
  Address limit = 0;  ///< how many bytes it has
};

/// The interrupt that stops a program which reaches beyond its memory.
struct Fault {
  Address address = 0;  ///< what it asked for
  Address limit = 0;    ///< what it may ask for: less than this
};

/// Where a program's address lies in the machine's memory: base + address. Every program believes
/// that its memory begins at 0; an address is valid if it is below the limit. All others are a
/// fault, and so is an address that base + address does not fit 64 bits for: nothing wraps around.
tl::expected<Address, Fault> translate(const BoundRegisters& registers, Address address);

// --- milestone 4: the dispatcher ---------------------------------------------------------------

/// Who has the one CPU. A program keeps it until it waits for a device or ends; nobody takes it
/// away (that is lab 06). Programs are called by number.
class Dispatcher {
 public:
  /// Who has the CPU; nothing where it is idle.
  using Runs = std::optional<int>;

  /// A program has come into memory: it goes to the end of the line. Where the CPU is idle it runs
  /// at once. Gives back, as the next three do, who has the CPU from now on. Else known_already.
  Result<Runs> admit(int program);

  /// The running program has begun to wait for a device: the first of the line has the CPU now.
  /// Else nobody_runs.
  Result<Runs> block();

  /// The I/O of this program has ended: it goes to the end of the line, and who runs goes on
  /// running. Where the CPU is idle it runs at once. Else not_blocked.
  Result<Runs> wake(int program);

  /// The running program has ended: the first of the line has the CPU now. Its number may be
  /// admitted again. Else nobody_runs.
  Result<Runs> finish();

  Runs running() const { return running_; }

  /// How many are in the line. Who runs is not.
  std::size_t ready() const { return line_.size(); }

 private:
  Runs running_;
  std::deque<int> line_;   ///< ready to run, the first to come first
  std::set<int> blocked_;  ///< with a device
};

}  // namespace multiprogramming
