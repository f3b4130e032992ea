#include "files/geojson_reader.h"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include "files/document_cutter.h"
#include "files/feature_parser.h"

namespace wideberth::files {
namespace {

constexpr char kRecordSeparator = 0x1e;  // RFC 8142 puts one before each text
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

std::string Place(const std::string& file, uint64_t line) { return file + ":" + std::to_string(line) + ": "; }

uint64_t Newlines(std::string_view text) { return static_cast<uint64_t>(std::count(text.begin(), text.end(), '\n')); }

// A stretch of the input with whole features, and what they give. One thread at a time has it.
struct Chunk {
  // What is read, with room for the parser's padding; the first `size` bytes are this chunk's, the others the next's.
  std::unique_ptr<char[]> buffer;
  size_t capacity = 0;
  size_t filled = 0;
  size_t size = 0;
  uint64_t first_line = 1;
  bool lines = false;
  DocumentCutter::Pieces cut;        // unless `lines`
  std::optional<Error> error_after;  // what the reading thread found wrong after all of it

  ParsedFeatures parsed;
  std::optional<Error> error;   // of a feature; the ones before it are in `parsed`
  bool budget_used_up = false;  // parsing stopped for it
  bool done = false;            // guarded by the pool's mutex

  std::string_view text() const { return {buffer.get(), size}; }
  uint64_t LineOf(size_t offset) const { return first_line + Newlines(text().substr(0, offset)); }
};

// Parses the features of a chunk. Thread-safe with a parser for each thread.
class ChunkParser {
 public:
  ChunkParser(const std::string& file, const GeoJsonOptions& options) : file_(file), options_(options) {}

  void Parse(Chunk& chunk, FeatureParser& parser, OutlineBudget& budget) const {
    chunk.parsed.Clear();
    chunk.error.reset();
    chunk.budget_used_up = false;
    if (chunk.lines) {
      ParseLines(chunk, parser, budget);
    } else {
      ParsePieces(chunk, parser, budget);
    }
  }

 private:
  void ParseLines(Chunk& chunk, FeatureParser& parser, OutlineBudget& budget) const {
    const std::string_view text = chunk.text();
    size_t begin = 0;
    while (begin < text.size()) {
      const size_t end = std::min(text.find('\n', begin), text.size());
      size_t first = begin;
      while (first < end &&
             (text[first] == ' ' || text[first] == '\t' || text[first] == '\r' || text[first] == kRecordSeparator))
        ++first;
      if (end - begin > options_.feature_bytes_max) {
        chunk.error = Error{Code::kTooLarge, Place(file_, chunk.LineOf(begin)) + LongLine(options_)};
        return;
      }
      if (first < end) {
        const auto* failure = parser.ParseFeature(text.substr(first, end - first), begin, budget, chunk.parsed);
        if (failure != nullptr) return Fail(chunk, first, "", *failure);
      }
      begin = end + 1;
    }
  }

  void ParsePieces(Chunk& chunk, FeatureParser& parser, OutlineBudget& budget) const {
    for (const DocumentCutter::Piece& piece : chunk.cut.pieces) {
      switch (piece.kind) {
        case DocumentCutter::Kind::kText:
        case DocumentCutter::Kind::kFeature: {
          const std::string_view text = chunk.text().substr(piece.offset, piece.size);
          const auto* failure = parser.ParseFeature(text, piece.offset, budget, chunk.parsed);
          if (failure == nullptr) break;
          return Fail(
              chunk, piece.offset,
              piece.kind == DocumentCutter::Kind::kFeature ? "features[" + std::to_string(piece.index) + "]." : "",
              *failure);
        }
        case DocumentCutter::Kind::kCollection: {
          std::string& text = chunk.cut.collections[piece.offset];
          text.reserve(text.size() + FeatureParser::kPaddingBytes);
          if (const auto* failure = parser.CheckCollection(text)) {
            chunk.error = Error{failure->code, Place(file_, piece.line) + failure->message};
            return;
          }
          break;
        }
      }
    }
  }

  void Fail(Chunk& chunk, size_t offset, const std::string& prefix, const FeatureParser::Failure& failure) const {
    if (failure.budget) {
      chunk.budget_used_up = true;
    } else {
      chunk.error = Error{failure.code, Place(file_, chunk.LineOf(offset + failure.offset)) + prefix + failure.message};
    }
  }

 public:
  static std::string LongLine(const GeoJsonOptions& options) {
    return "feature: the line is longer than " + std::to_string(options.feature_bytes_max) +
           " bytes (limit feature_bytes_max); split it into several features";
  }

 private:
  const std::string& file_;
  const GeoJsonOptions& options_;
};

// Cuts a source into chunks. Thread-compatible.
class ChunkReader {
 public:
  ChunkReader(ByteSource& source, const GeoJsonOptions& options, bool lines)
      : source_(source), options_(options), lines_(lines), cutter_(options.feature_bytes_max) {}

  bool ended() const { return ended_; }
  uint64_t bytes_read() const { return bytes_read_; }

  // Fills a chunk; what is left over of `previous` comes first. Returns whether there is anything in it.
  // REQUIRES: !ended(); chunk and previous differ.
  void Fill(Chunk& chunk, const Chunk* previous) {
    const std::string_view left = previous == nullptr ? std::string_view()
                                                      : std::string_view(previous->buffer.get() + previous->size,
                                                                         previous->filled - previous->size);
    chunk.first_line = line_;
    chunk.lines = lines_;
    chunk.cut.pieces.clear();
    chunk.cut.collections.clear();
    chunk.cut.problem.reset();
    chunk.error_after.reset();
    chunk.filled = chunk.size = 0;
    Grow(chunk, left.size() + ChunkBytes());
    if (!left.empty()) std::memcpy(chunk.buffer.get(), left.data(), left.size());
    chunk.filled = left.size();
    while (true) {
      const bool at_end = !ReadUpTo(chunk, chunk.capacity);
      if (lines_) {
        CutLines(chunk, at_end);
      } else {
        CutPieces(chunk, at_end);
      }
      if (chunk.error_after || at_end) break;
      if (chunk.size > 0) break;
      // Not even one feature yet; it has at most feature_bytes_max bytes so far, or there were an error.
      Grow(chunk, std::max(chunk.filled + 1, std::min(chunk.filled * 2, options_.feature_bytes_max + 1)));
    }
    std::memset(chunk.buffer.get() + chunk.filled, 0, FeatureParser::kPaddingBytes);
    line_ += Newlines(chunk.text());
  }

 private:
  // No more than there is to read, and one byte to see the end, where that is known.
  size_t ChunkBytes() const {
    const uint64_t total = source_.bytes_total();
    const uint64_t rest = total > bytes_read_ ? total - bytes_read_ + 1 : options_.chunk_bytes;
    return static_cast<size_t>(std::clamp<uint64_t>(rest, 1, std::max<size_t>(1, options_.chunk_bytes)));
  }

  void Grow(Chunk& chunk, size_t capacity) {
    if (capacity <= chunk.capacity) return;
    auto grown = std::make_unique_for_overwrite<char[]>(capacity + FeatureParser::kPaddingBytes);
    if (chunk.filled > 0) std::memcpy(grown.get(), chunk.buffer.get(), chunk.filled);
    chunk.buffer = std::move(grown);
    chunk.capacity = capacity;
  }

  // False at the end of the source, or of what we read of it: then ended().
  bool ReadUpTo(Chunk& chunk, size_t filled) {
    while (chunk.filled < filled) {
      const uint64_t allowed = options_.input_bytes_max - bytes_read_;
      if (allowed == 0) {
        char next = 0;
        const Result<size_t> more = source_.Read(std::span(&next, 1));
        if (!more) {
          read_error_ = more.error();
        } else if (*more > 0) {
          read_error_ =
              Error{Code::kTooLarge, source_.name() + ": has more than " + std::to_string(options_.input_bytes_max) +
                                         " bytes (limit input_bytes_max); split it into several files"};
        }
        ended_ = true;
        return false;
      }
      const size_t wanted = static_cast<size_t>(std::min<uint64_t>(filled - chunk.filled, allowed));
      const Result<size_t> count = source_.Read(std::span(chunk.buffer.get() + chunk.filled, wanted));
      if (!count) read_error_ = count.error();
      if (!count || *count == 0) {
        ended_ = true;
        return false;
      }
      chunk.filled += *count;
      bytes_read_ += *count;
    }
    return true;
  }

  void CutLines(Chunk& chunk, bool at_end) {
    if (line_ == 1 && !started_ && chunk.filled >= kByteOrderMark.size()) {
      started_ = true;
      if (std::string_view(chunk.buffer.get(), chunk.filled).starts_with(kByteOrderMark))
        std::memset(chunk.buffer.get(), ' ', kByteOrderMark.size());
    }
    const std::string_view filled(chunk.buffer.get(), chunk.filled);
    if (at_end) {
      // The line that a failed read cut off is not parsed.
      chunk.size = read_error_ ? filled.rfind('\n') + 1 : filled.size();
      chunk.error_after = read_error_;
      return;
    }
    // What was looked at before has no newline in it.
    chunk.size = filled.rfind('\n') + 1;
    if (chunk.size == 0 && chunk.filled > options_.feature_bytes_max) {
      chunk.error_after = Error{Code::kTooLarge, Place(source_.name(), line_) + ChunkParser::LongLine(options_)};
      ended_ = true;
    }
  }

  void CutPieces(Chunk& chunk, bool at_end) {
    const std::string_view filled(chunk.buffer.get(), chunk.filled);
    cutter_.Scan(filled, chunk.cut);
    if (at_end && !read_error_) cutter_.Finish(filled, chunk.cut);
    if (chunk.cut.problem) {
      chunk.error_after =
          Error{chunk.cut.problem->code, Place(source_.name(), chunk.cut.problem->line) + chunk.cut.problem->message};
      ended_ = true;
      chunk.size = chunk.filled;
    } else if (at_end) {
      chunk.error_after = read_error_;
      chunk.size = chunk.filled;
    } else {
      chunk.size = cutter_.kept_from();
      cutter_.Drop(filled, chunk.size);
    }
  }

  ByteSource& source_;
  const GeoJsonOptions& options_;
  const bool lines_;
  DocumentCutter cutter_;
  bool started_ = false;
  bool ended_ = false;
  uint64_t line_ = 1;  // of the first byte that no chunk has
  uint64_t bytes_read_ = 0;
  std::optional<Error> read_error_;
};

// Threads that parse chunks. Thread-safe; the destructor stops them after the chunks at hand.
class ParsingPool {
 public:
  ParsingPool(unsigned threads, const ChunkParser& parser, OutlineBudget& budget) : parser_(parser), budget_(budget) {
    try {
      for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { Work(); });
    } catch (const std::system_error&) {  // NOLINT(bugprone-empty-catch): nothing is lost but speed
      // The machine gives no more threads: go on with those there are, or with the caller's alone.
    }
  }
  ~ParsingPool() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    work_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  // REQUIRES: the chunk stays untouched until Wait or TryWait has returned true for it.
  void Submit(Chunk& chunk) {
    if (threads_.empty()) {
      parser_.Parse(chunk, callers_parser_, budget_);
      chunk.done = true;
      return;
    }
    {
      const std::lock_guard lock(mutex_);
      chunk.done = false;
      queue_.push_back(&chunk);
    }
    work_.notify_one();
  }

  void Wait(const Chunk& chunk) {
    std::unique_lock lock(mutex_);
    done_.wait(lock, [&] { return chunk.done; });
  }
  bool IsDone(const Chunk& chunk) {
    const std::lock_guard lock(mutex_);
    return chunk.done;
  }

 private:
  void Work() {
    FeatureParser parser;
    std::unique_lock lock(mutex_);
    for (;;) {
      work_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
      if (stopping_) return;
      Chunk& chunk = *queue_.front();
      queue_.pop_front();
      lock.unlock();
      parser_.Parse(chunk, parser, budget_);
      lock.lock();
      chunk.done = true;
      done_.notify_all();
    }
  }

  const ChunkParser& parser_;
  OutlineBudget& budget_;
  FeatureParser callers_parser_;
  std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable done_;
  std::deque<Chunk*> queue_;  // as long as there are chunks, at most
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

// Adds what chunks give to the plans, in order. Thread-compatible.
class Merger {
 public:
  Merger(const std::string& file, const GeoJsonOptions& options, const ChunkParser& parser, conflict::PlanSet& plans)
      : file_(file),
        options_(options),
        parser_(parser),
        plans_(plans),
        volumes_max_(std::min(options.volumes_max, conflict::PlanSet::kVolumesMax)) {}

  Result<void> Merge(Chunk& chunk) {
    if (chunk.budget_used_up) {
      // Threads ahead of this chunk may have used up the budget. They did it with features that come later, so that
      // the limit is reached in any case; this finds where, or what is wrong before.
      OutlineBudget rest(options_.outline_bytes_max, outline_bytes_);
      FeatureParser parser;
      parser_.Parse(chunk, parser, rest);
    }
    size_t name = 0;
    size_t volume = 0;
    const std::string_view names = chunk.parsed.names;
    for (const ParsedFeatures::Feature& feature : chunk.parsed.features) {
      const uint32_t party = plans_.PartyNumber(names.substr(name, feature.party_bytes));
      name += feature.party_bytes;
      const uint32_t intent = plans_.IntentNumber(party, names.substr(name, feature.intent_bytes));
      name += feature.intent_bytes;
      for (uint32_t i = 0; i < feature.volumes; ++i, ++volume) {
        geo::Volume4D& parsed = chunk.parsed.volumes[volume];
        outline_bytes_ += parsed.outline.heap_bytes();
        if (plans_.volumes().size() >= volumes_max_)
          return Error{Code::kTooLarge,
                       Place(file_, chunk.LineOf(feature.offset)) + "feature: brings more than " +
                           std::to_string(volumes_max_) +
                           " volumes (limit volumes_max); raise it (--volumes-max) or check fewer at a time"};
        if (outline_bytes_ > options_.outline_bytes_max)
          return Error{Code::kTooLarge,
                       Place(file_, chunk.LineOf(feature.offset)) + "feature: with it, outlines take more than " +
                           std::to_string(options_.outline_bytes_max) +
                           " bytes of memory (limit outline_bytes_max); raise the limit, check fewer at a time, or use "
                           "smaller polygons: long edges are kept in many pieces"};
        plans_.Add(intent, std::move(parsed));
      }
    }
    if (chunk.error) return *chunk.error;
    if (chunk.error_after) return *chunk.error_after;
    return {};
  }

 private:
  const std::string& file_;
  const GeoJsonOptions& options_;
  const ChunkParser& parser_;
  conflict::PlanSet& plans_;
  const size_t volumes_max_;
  uint64_t outline_bytes_ = 0;
};

unsigned ThreadsFor(const GeoJsonOptions& options, uint64_t bytes_total) {
  if (options.threads != 0) return std::min(options.threads, GeoJsonOptions::kThreadsMax);
  if (bytes_total != 0 && bytes_total <= options.chunk_bytes) return 1;  // one chunk
  return std::clamp(std::thread::hardware_concurrency(), 1u, GeoJsonOptions::kThreadsMax);
}

}  // namespace

Result<void> ReadVolumesGeoJson(ByteSource& source, const GeoJsonOptions& options, conflict::PlanSet& plans) {
  InputFormat format = options.format;
  if (format == InputFormat::kAuto) {
    WB_TRY(const std::string_view first_bytes, source.Peek());
    format = DetectFormat(source.name(), first_bytes);
  }

  const unsigned threads = ThreadsFor(options, source.bytes_total());
  // A chunk at each thread, one waiting for each, one being filled, and the one before it, whose rest it takes.
  std::vector<Chunk> chunks(threads == 1 ? 2 : 2 * threads + 2);
  OutlineBudget budget(options.outline_bytes_max, 0);
  const ChunkParser parser(source.name(), options);
  ChunkReader reader(source, options, format == InputFormat::kGeoJsonLines);
  Merger merger(source.name(), options, parser, plans);
  ParsingPool pool(threads == 1 ? 0 : threads, parser, budget);  // the last: its threads stop before all else goes

  size_t filled = 0;
  size_t merged = 0;
  const Chunk* previous = nullptr;
  while (!reader.ended()) {
    if (filled - merged == chunks.size() - 1) pool.Wait(chunks[merged % chunks.size()]);
    while (merged < filled && pool.IsDone(chunks[merged % chunks.size()])) {
      WB_TRY_OK(merger.Merge(chunks[merged % chunks.size()]));
      ++merged;
    }
    Chunk& chunk = chunks[filled % chunks.size()];
    reader.Fill(chunk, previous);
    pool.Submit(chunk);
    previous = &chunk;
    ++filled;
    if (options.progress) options.progress(reader.bytes_read(), source.bytes_total());
  }
  for (; merged < filled; ++merged) {
    Chunk& chunk = chunks[merged % chunks.size()];
    pool.Wait(chunk);
    WB_TRY_OK(merger.Merge(chunk));
  }
  return {};
}

}  // namespace wideberth::files
