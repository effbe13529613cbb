// Who owns a descriptor, and who closes it: the judge keeps its own books and compares them with
// what /proc shows of the student's process.
#include <sys/socket.h>

#include <algorithm>
#include <map>

#include "cases.hpp"
#include "language.hpp"

namespace lab01 {
namespace {

using dialtone::FileDescriptor;
using dialtone::Message;
using dialtone::tr;
using dialtone::Trial;
using nlohmann::json;

constexpr int nobody = -1;

/// The judge's books: which token each owner holds, and which tokens must be open.
class Books {
 public:
  explicit Books(Trial& trial) : trial_(trial) {}

  void own(int owner) {
    FileDescriptor token(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int number = static_cast<int>(tokens_.size());
    tokens_.push_back(std::move(token));
    must_be_open_[number] = true;
    holds_[owner] = number;
    note({"own", owner}, "a" + std::to_string(owner) + " = Descriptor(fd)");
  }

  /// Owning descriptor 0: it is as good as any other.
  void own_number_zero(int owner) {
    own(owner);
    steps_.back().push_back(0);
  }

  void construct(int owner, int source) {
    holds_[owner] = holds_.at(source);
    holds_[source] = nobody;
    note({"construct", owner, source},
         "a" + std::to_string(owner) + "(std::move(a" + std::to_string(source) + "))");
  }

  void assign(int owner, int source) {
    note({"assign", owner, source},
         "a" + std::to_string(owner) + " = std::move(a" + std::to_string(source) + ")");
    if (owner == source) return;
    close(holds_.at(owner));
    holds_[owner] = holds_.at(source);
    holds_[source] = nobody;
  }

  void release(int owner) {
    holds_[owner] = nobody;  // still open
    note({"release", owner}, "a" + std::to_string(owner) + ".release()");
  }

  void destroy(int owner) {
    close(holds_.at(owner));
    holds_.erase(owner);
    note({"destroy", owner}, "a" + std::to_string(owner) + tr(" is destroyed", " 被析构"));
  }

  /// Plays the steps and compares the student's process with the books.
  void check() {
    std::vector<int> numbers;
    for (const FileDescriptor& token : tokens_) numbers.push_back(token.get());
    const Message answer = trial_.student.ask({{"call", "own"}, {"steps", steps_}}, "", numbers);
    const auto open = trial_.student.open_descriptors();
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      const std::string name = dialtone::identity(tokens_[i].get());
      const bool is_open = std::any_of(open.begin(), open.end(), [&](const std::string& line) {
        return line.find(name) != std::string::npos;
      });
      trial_.expect(tr("what /proc/PID/fd shows of a", "/proc/PID/fd 中 a") + std::to_string(i) +
                        tr("'s descriptor", " 的描述符"),
                    is_open == must_be_open_.at(static_cast<int>(i)), is_open ? "closed" : "open",
                    is_open ? "open" : "closed");
    }
    const std::string a_descriptor(tr("a descriptor", "一个描述符"));
    for (const auto& [owner, token] : holds_) {
      const bool holds = answer.body.at("value").contains(std::to_string(owner));
      trial_.expect("a" + std::to_string(owner) + ".get()", holds == (token != nobody),
                    token == nobody ? "-1" : a_descriptor, holds ? a_descriptor : "-1");
    }
    trial_.student.ask({{"call", "disown"}});
  }

 private:
  void note(json step, const std::string& told) {
    steps_.push_back(std::move(step));
    trial_.step(told);
  }

  void close(int token) {
    if (token != nobody) must_be_open_[token] = false;
  }

  Trial& trial_;
  std::vector<FileDescriptor> tokens_;
  std::map<int, int> holds_;
  std::map<int, bool> must_be_open_;
  json steps_ = json::array();
};

void descriptor_closes_what_it_owns(Trial& trial) {
  Books books(trial);
  const int owners = static_cast<int>(trial.random.between(1, 5));
  for (int owner = 0; owner < owners; ++owner) {
    if (owner == 0 && trial.index % 4 == 0)
      books.own_number_zero(owner);
    else
      books.own(owner);
  }
  for (int owner = 0; owner < owners; ++owner)
    if (trial.index < 4 || trial.random.chance(0.6)) books.destroy(owner);
  books.check();
}

void descriptor_moves_its_ownership(Trial& trial) {
  Books books(trial);
  books.own(0);
  books.own(1);
  int next = 2;
  const std::size_t moves = trial.random.between(1, 6);
  for (std::size_t i = 0; i < moves; ++i) {
    const int source =
        static_cast<int>(trial.random.between(0, static_cast<std::uint64_t>(next) - 1));
    const int target =
        static_cast<int>(trial.random.between(0, static_cast<std::uint64_t>(next) - 1));
    if (trial.index == 0)
      books.assign(0, 0);
    else if (trial.random.chance(0.3))
      books.construct(next++, source);
    else
      books.assign(target, source);
  }
  books.check();
}

void descriptor_gives_up_what_it_releases(Trial& trial) {
  Books books(trial);
  const int owners = static_cast<int>(trial.random.between(1, 4));
  for (int owner = 0; owner < owners; ++owner) books.own(owner);
  for (int owner = 0; owner < owners; ++owner)
    if (trial.index == 0 || trial.random.chance(0.6)) books.release(owner);
  books.check();
}

}  // namespace

std::vector<Case> descriptor_cases() {
  return {{"descriptor_closes_what_it_owns", 100, descriptor_closes_what_it_owns},
          {"descriptor_moves_its_ownership", 100, descriptor_moves_its_ownership},
          {"descriptor_gives_up_what_it_releases", 100, descriptor_gives_up_what_it_releases}};
}

}  // namespace lab01
