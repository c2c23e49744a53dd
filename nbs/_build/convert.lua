-- Reads jobs as JSON and writes what became of them, all in one process: what the highlighter learns of Python, it learns once.
-- A job: text, from, to, and what pandoc calls the options of a writer; `template` is a text.

-- A block in the format `widget` is HTML, to be read as such
local function read_widgets(block)
  if block.format == 'widget' then return pandoc.read(block.text, 'html').blocks end
end

local function convert(job)
  local options = job.options or {}
  if options.template then options.template = pandoc.template.compile(options.template) end
  local doc = pandoc.read(job.text, job.from):walk { RawBlock = read_widgets }
  return pandoc.write(doc, job.to, pandoc.WriterOptions(options))
end

local results = pandoc.List()
for _, job in ipairs(pandoc.json.decode(io.read('a'), false)) do results:insert(convert(job)) end
io.write(pandoc.json.encode(results))
