// The tour's first four stops: two processes of one program, a fork, a zombie and an orphan, an
// exec. Each is played once, and what was seen is told as text or as JSON.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "words.hpp"

namespace process_tour {

using Json = nlohmann::ordered_json;

/// One program file, two processes.
struct Twins {
  struct One {
    pid_t pid = 0;
    std::uint64_t inode = 0;  ///< of /proc/PID/exe
    std::uint64_t counter = 0;
  };
  std::string file;
  std::uint64_t inode = 0;
  std::vector<One> processes;
};
Twins play_twins();
void show(const Twins& twins, Page& page);
Json to_json(const Twins& twins);

/// A parent and its child after a fork, and a stretch of memory that both have at one address.
struct Forked {
  struct Side {
    pid_t pid = 0;
    pid_t parent = 0;
    int value = 0;  ///< at `address`, after the child has written there
    /// Of the stretch, in bytes: /proc/PID/smaps. Absent where the kernel does not tell.
    std::optional<std::uint64_t> shared_before, own_before, shared_after, own_after;
  };
  std::uint64_t address = 0;
  std::uint64_t bytes = 0;
  std::string permissions;  ///< of the stretch in the parent's maps: "rw-p"
  int value_before = 0;
  Side parent, child;
};
Forked play_fork();
void show(const Forked& forked, Page& page);
Json to_json(const Forked& forked);

/// A process that has ended and is not waited for, and one whose parent has ended.
struct Ends {
  struct Zombie {
    pid_t pid = 0;
    char state = '?';
    bool memory = true;  ///< whether it still has any
    program_and_process::Ending ending;
    bool gone_after_wait = false;
  } zombie;
  struct Orphan {
    pid_t pid = 0;
    pid_t old_parent = 0;
    pid_t new_parent = 0;
    pid_t this_process = 0;
  } orphan;
};
Ends play_ends();
void show(const Ends& ends, Page& page);
Json to_json(const Ends& ends);

/// A process before and after it execs another program, and three programs that cannot run or die.
struct Execed {
  struct Look {
    std::string name;
    std::string file;
    std::size_t mappings = 0;
    std::string code;  ///< the first address of the program's code
    pid_t pid = 0;
  };
  Look before, after;
  struct Attempt {
    std::vector<std::string> words;
    std::string outcome;
  };
  std::vector<Attempt> attempts;
};
Execed play_exec();
void show(const Execed& execed, Page& page);
Json to_json(const Execed& execed);

}  // namespace process_tour
