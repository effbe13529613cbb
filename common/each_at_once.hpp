// Independent pieces of work, a few at once.
#pragma once

#include <atomic>
#include <cstddef>
#include <future>
#include <vector>

namespace dialtone {

/// Calls work(0) to work(count - 1), each once, by this many threads; whoever is done takes the
/// next. Returns when all are done. What one of them throws is thrown on, when the others have
/// ended.
template <class Work>
void each_at_once(std::size_t count, std::size_t threads, const Work& work) {
  std::atomic<std::size_t> next{0};
  std::vector<std::future<void>> workers;
  for (std::size_t i = 0; i < threads; ++i)
    workers.push_back(std::async(std::launch::async, [&] {
      for (std::size_t at = next++; at < count; at = next++) work(at);
    }));
  for (std::future<void>& worker : workers) worker.get();
}

}  // namespace dialtone
