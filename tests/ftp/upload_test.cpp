// Several writers and readers of one name.
#include <thread>

#include "store_support.hpp"

using namespace store_test;

namespace {

/// Bytes that tell by themselves whether they are whole: a number, and as many letters as it says.
std::string whole(std::uint64_t number) {
  const std::uint64_t length = number * 7919 % 50'000;
  return std::to_string(number) + ':' + std::string(length, static_cast<char>('a' + number % 26));
}

bool is_whole(const std::string& bytes) {
  const std::size_t colon = bytes.find(':');
  return colon != std::string::npos && colon > 0 &&
         bytes == whole(std::stoull(bytes.substr(0, colon)));
}

}  // namespace

TEST_CASE("of_two_writers_the_last_that_commits_wins") {
  Place place;
  ftp::Store& store = place.store();
  const Target target{Type::file, "a"};
  auto first = store.create(target, {});
  auto second = store.create(target, {});
  REQUIRE((first && second));
  CHECK(problem((*first)->write(bytes_of("the first to begin"))) == "");
  CHECK(problem((*second)->write(bytes_of("the second"))) == "");
  CHECK((*second)->length() == 10);
  CHECK((*second)->digest() == digest_of("the second"));
  CHECK(failed_as(store.stat(target), Code::not_found));
  CHECK(problem((*second)->commit()) == "");
  CHECK(get(store, target) == "the second");
  CHECK(problem((*first)->commit()) == "");
  CHECK(get(store, target) == "the first to begin");
  CHECK_FALSE((*first)->commit());
  CHECK_FALSE((*first)->write(bytes_of("more")));
  first->reset();
  second->reset();
  CHECK(store.usage().used == 18);
  CHECK(place.files() == std::vector<std::string>{"file/a"});
}

TEST_CASE("an_upload_that_is_given_up_leaves_the_old_file") {
  Place place;
  ftp::Store& store = place.store();
  const Target target{Type::file, "a"};
  REQUIRE(problem(put(store, target, "old")) == "");
  {
    auto writing = store.create(target, {});
    REQUIRE(problem(writing) == "");
    CHECK(problem((*writing)->write(bytes_of("new"))) == "");
    CHECK(place.on_their_way() == 1);
  }
  CHECK(get(store, target) == "old");
  CHECK(place.files() == std::vector<std::string>{"file/a"});
}

TEST_CASE("an_upload_outlives_its_store") {
  Place place;
  auto opened = ftp::open_directory_store(place.root().string(), {});
  REQUIRE(problem(opened) == "");
  auto writing = (*opened)->create({Type::file, "a"}, {});
  REQUIRE(problem(writing) == "");
  opened->reset();
  CHECK(problem((*writing)->write(bytes_of("late"))) == "");
  CHECK(problem((*writing)->commit()) == "");
  CHECK(get(place.store(), {Type::file, "a"}) == "late");
}

TEST_CASE("readers_among_many_writers_see_whole_files") {
  INFO("seed " << dialtone::test_seed());
  Place place({.quota = 10'000'000});
  ftp::Store& store = place.store();
  const Target target{Type::video, "busy"};
  REQUIRE(problem(put(store, target, whole(0))) == "");
  std::atomic<int> failures{0};
  std::atomic<int> broken{0};
  std::atomic<bool> writing{true};
  std::vector<std::thread> writers;
  std::vector<std::thread> readers;
  for (std::uint64_t w = 0; w < 4; ++w)
    writers.emplace_back([&, w] {
      dialtone::Random random(dialtone::test_seed() + w);
      for (int i = 0; i < 60; ++i) {
        const std::string bytes = whole(random.between(1, 1'000'000));
        const auto kind = random.between(0, 9);
        if (kind == 0) {  // given up, or kept
          auto upload = store.create(target, {.account = std::to_string(w)});
          if (!upload || !(*upload)->write(bytes_of(bytes))) ++failures;
          if (upload && random.chance(0.5) && !(*upload)->keep_partial()) ++failures;
        } else if (!put(store, target, bytes, {.size = bytes.size()}, 9000)) {
          ++failures;
        }
      }
    });
  for (std::uint64_t r = 0; r < 3; ++r)
    readers.emplace_back([&] {
      while (writing) {
        auto reading = store.open(target);
        if (!reading) {
          ++failures;
          continue;
        }
        const std::string bytes = read_all(**reading);
        if (!is_whole(bytes)) ++broken;
        const auto digest = (*reading)->digest(ftp::DigestKind::xxh3_128);
        if (!digest || *digest != digest_of(bytes)) ++broken;
        if (!store.list(Type::video, "", 10) || !store.partial(target, "1")) ++failures;
        store.usage();
      }
    });
  for (std::thread& thread : writers) thread.join();
  writing = false;
  for (std::thread& thread : readers) thread.join();
  CHECK(failures == 0);
  CHECK(broken == 0);
  CHECK(problem(put(store, target, "end")) == "");  // drops the partials as well
  CHECK(store.usage().used == 3);
  CHECK(place.files() == std::vector<std::string>{"video/busy"});
}

TEST_CASE("the_quota_holds_among_many_writers") {
  Place place({.quota = 20'000});
  ftp::Store& store = place.store();
  std::atomic<bool> above{false};
  std::vector<std::thread> threads;
  for (std::uint64_t w = 0; w < 4; ++w)
    threads.emplace_back([&, w] {
      dialtone::Random random(dialtone::test_seed() + w);
      for (int i = 0; i < 150; ++i) {
        const Target target{Type::img, std::to_string(random.between(0, 5))};
        const Target other{Type::file, std::to_string(random.between(0, 5))};
        const auto kind = random.between(0, 5);
        if (kind == 0)
          static_cast<void>(store.remove(target));
        else if (kind == 1)
          static_cast<void>(store.rename(target, other, true));
        else
          static_cast<void>(put(store, target, std::string(random.between(0, 5000), 'x')));
        if (store.usage().used > 20'000) above = true;
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK_FALSE(above);
  const std::uint64_t used = store.usage().used;
  place.open_again();
  CHECK(place.store().usage().used == used);
}
