// Ready processes by virtual time, each subtree knowing its earliest deadline: finds the earliest
// deadline among all whose virtual time is not beyond a bound, in O(log n).
//
// A treap (Seidel and Aragon, 1996) whose priorities are a hash of the process number, so that the
// same processes give the same tree. Its arrays are indexed by process number: nothing is allocated
// once the highest number has been seen.
#pragma once

#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "simulation/process.hpp"

namespace simulation {

class DeadlineTree {
 public:
  std::size_t size() const { return size_; }

  void insert(ProcessControlBlock& process) {
    const auto number = static_cast<std::size_t>(process.pid);
    if (number >= nodes_.size()) nodes_.resize(number + 1);
    Node& node = nodes_[number];
    node = {&process, nobody, nobody, process.deadline};
    int before = nobody;
    int behind = nobody;
    split(root_, process, before, behind);
    root_ = join(join(before, process.pid), behind);
    ++size_;
  }

  void erase(const ProcessControlBlock& process) {
    root_ = without(root_, process);
    --size_;
  }

  /// Of the processes for which `eligible(virtual time)` holds, the one with the earliest deadline;
  /// of equal deadlines the least virtual time. nullptr when there is none. What holds for a
  /// virtual time must hold for all lesser ones.
  template <class Eligible>
  ProcessControlBlock* earliest(const Eligible& eligible) const {
    int best = nobody;       // on the way down, eligible itself
    int best_tree = nobody;  // a whole subtree that is eligible
    for (int at = root_; at != nobody;) {
      const Node& node = this->node(at);
      if (!eligible(node.process->virtual_time)) {
        at = node.left;
        continue;
      }
      if (node.left != nobody &&
          (best_tree == nobody || this->node(node.left).earliest < this->node(best_tree).earliest))
        best_tree = node.left;
      if (best == nobody || node.process->deadline < this->node(best).process->deadline) best = at;
      at = node.right;
    }
    if (best == nobody) return nullptr;
    if (best_tree == nobody || this->node(best).process->deadline < this->node(best_tree).earliest)
      return node(best).process;
    for (int at = best_tree;;) {
      const Node& node = this->node(at);
      if (node.left != nobody && this->node(node.left).earliest == node.earliest)
        at = node.left;
      else if (node.process->deadline == node.earliest)
        return node.process;
      else
        at = node.right;
    }
  }

  /// The least virtual time. Precondition: not empty.
  ProcessControlBlock* first() const {
    int at = root_;
    while (node(at).left != nobody) at = node(at).left;
    return node(at).process;
  }

 private:
  static constexpr int nobody = -1;
  struct Node {
    ProcessControlBlock* process = nullptr;
    int left = nobody;
    int right = nobody;
    std::int64_t earliest = 0;  ///< deadline, of this node and all below
  };

  Node& node(int at) { return nodes_[static_cast<std::size_t>(at)]; }
  const Node& node(int at) const { return nodes_[static_cast<std::size_t>(at)]; }

  static bool before(const ProcessControlBlock& a, const ProcessControlBlock& b) {
    return a.virtual_time != b.virtual_time ? a.virtual_time < b.virtual_time : a.pid < b.pid;
  }

  static std::uint32_t height(int number) {
    std::uint32_t x = static_cast<std::uint32_t>(number) * 0x9e3779b9U;
    x = (x ^ (x >> 16U)) * 0x85ebca6bU;
    return x ^ (x >> 13U);
  }

  void update(int at) {
    Node& node = this->node(at);
    node.earliest = node.process->deadline;
    for (const int child : {node.left, node.right})
      if (child != nobody && this->node(child).earliest < node.earliest)
        node.earliest = this->node(child).earliest;
  }

  void split(int at, const ProcessControlBlock& bound, int& left, int& right) {
    if (at == nobody) {
      left = right = nobody;
    } else if (before(*node(at).process, bound)) {
      split(node(at).right, bound, node(at).right, right);
      left = at;
      update(at);
    } else {
      split(node(at).left, bound, left, node(at).left);
      right = at;
      update(at);
    }
  }

  int join(int left, int right) {
    if (left == nobody) return right;
    if (right == nobody) return left;
    if (height(left) > height(right)) {
      node(left).right = join(node(left).right, right);
      update(left);
      return left;
    }
    node(right).left = join(left, node(right).left);
    update(right);
    return right;
  }

  int without(int at, const ProcessControlBlock& process) {
    if (at == process.pid) return join(node(at).left, node(at).right);
    if (before(process, *node(at).process))
      node(at).left = without(node(at).left, process);
    else
      node(at).right = without(node(at).right, process);
    update(at);
    return at;
  }

  std::vector<Node> nodes_;
  int root_ = nobody;
  std::size_t size_ = 0;
};

}  // namespace simulation
