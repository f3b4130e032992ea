#ifndef WIDEBERTH_BASE_JSON_WRITER_H_
#define WIDEBERTH_BASE_JSON_WRITER_H_

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace wideberth {

// Writes one JSON text, without spaces, members in the order that they are given: the same calls give the same bytes.
// What it is given as text is UTF-8. RapidJSON's. Thread-compatible.
class JsonWriter {
 public:
  JsonWriter() : buffer_(nullptr, kBytesExpected), json_(buffer_) {}

  JsonWriter& Key(std::string_view name) {
    json_.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
    return *this;
  }
  void String(std::string_view text) { json_.String(text.data(), static_cast<rapidjson::SizeType>(text.size())); }
  void Int(int64_t number) { json_.Int64(number); }
  // The shortest text that reads back to the same number. REQUIRES: it is finite.
  void Number(double number) { json_.Double(number); }
  void Bool(bool value) { json_.Bool(value); }
  void Null() { json_.Null(); }
  // JSON as it is.
  void Raw(std::string_view json) { json_.RawValue(json.data(), json.size(), rapidjson::kObjectType); }
  // `write` writes the members.
  template <typename Write>
  void Object(Write write) {
    json_.StartObject();
    write();
    json_.EndObject();
  }
  // `write` writes one element, of each of the list.
  template <typename List, typename Write>
  void Array(const List& list, Write write) {
    json_.StartArray();
    for (const auto& one : list) write(one);
    json_.EndArray();
  }
  std::string Take() const { return {buffer_.GetString(), buffer_.GetSize()}; }

 private:
  static constexpr size_t kBytesExpected = 1024;

  rapidjson::StringBuffer buffer_;
  rapidjson::Writer<rapidjson::StringBuffer> json_;
};

}  // namespace wideberth

#endif  // WIDEBERTH_BASE_JSON_WRITER_H_
