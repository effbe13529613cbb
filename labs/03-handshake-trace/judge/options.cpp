#include "options.hpp"

namespace lab03 {

OptionList& OptionList::segment_size(std::uint16_t size) {
  bytes_ += number16(0x0204) + number16(size);
  meaning_["maximum_segment_size"] = size;
  return *this;
}

OptionList& OptionList::scale(std::uint8_t shift) {
  bytes_ += number16(0x0303) + number8(shift);
  meaning_["window_scale"] = shift;
  return *this;
}

OptionList& OptionList::sack_permitted() {
  bytes_ += number16(0x0402);
  meaning_["sack_permitted"] = true;
  return *this;
}

OptionList& OptionList::sack(Random& random, std::size_t blocks) {
  bytes_ += number8(5) + number8(2 + 8 * blocks);
  json sack = json::array();
  for (std::size_t i = 0; i < blocks; ++i) {
    const auto left = static_cast<std::uint32_t>(random.bits());
    const auto right = static_cast<std::uint32_t>(left + random.between(1, 100'000));
    bytes_ += number32(left) + number32(right);
    sack.push_back({left, right});
  }
  meaning_["sack"] = std::move(sack);
  meaning_["sack_blocks"] = blocks;
  return *this;
}

OptionList& OptionList::timestamps(std::uint32_t value, std::uint32_t echo) {
  bytes_ += number16(0x080a) + number32(value) + number32(echo);
  meaning_["timestamps"] = {value, echo};
  return *this;
}

OptionList& OptionList::raw(const std::string& bytes) {
  bytes_ += bytes;
  return *this;
}

namespace {

OptionList one_more(Random& random, OptionList list) {
  const auto any = [&random] { return static_cast<std::uint32_t>(random.bits()); };
  switch (random.between(0, 7)) {
    case 0:
      return list.segment_size(static_cast<std::uint16_t>(any()));
    case 1:
      return list.scale(static_cast<std::uint8_t>(any()));
    case 2:
      return list.sack_permitted();
    case 3:
      return list.sack(random, random.between(1, 4));
    case 4:
      return list.timestamps(any(), any());
    case 5: {
      const std::size_t body = random.between(0, 6);
      return list.raw(number8(random.pick<std::uint8_t>({6, 19, 28, 30, 34, 253, 254})) +
                      number8(2 + body) + random.bytes(body));
    }
    default:
      return list.raw(std::string(random.between(1, 3), '\1'));
  }
}

}  // namespace

OptionList draw_options(Random& random, std::size_t count, std::size_t room, std::size_t least) {
  OptionList list;
  for (; count > 0; --count) {
    OptionList longer = one_more(random, list);
    if (longer.bytes().size() <= room) list = std::move(longer);
  }
  if (list.bytes().size() < least) list.raw(std::string(least - list.bytes().size(), '\1'));
  return list;
}

}  // namespace lab03
