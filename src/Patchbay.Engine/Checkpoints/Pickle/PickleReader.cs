using System.Buffers.Binary;
using System.Text;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Checkpoints.Pickle;

/// <summary>
/// Reads the pickle of a PyTorch archive that holds tensors by name (Python's pickletools.py, torch/serialization.py). A pickle is
/// a program for a stack machine that can call any function of Python. This machine knows dictionaries, tuples, numbers, text and
/// tensors; any other instruction or name is refused, so reading runs nothing. What it makes is bounded by the length of the file.
/// </summary>
internal ref struct PickleReader(ReadOnlySpan<byte> pickle, string file)
{
    private const string RebuildTensor = "torch._utils _rebuild_tensor_v2";
    private const string RebuildParameter = "torch._utils _rebuild_parameter";
    private const string OrderedDictionary = "collections OrderedDict";
    private const int MaxDepth = 16;

    private static readonly Dictionary<string, ElementType> s_storages = new()
    {
        ["torch FloatStorage"] = ElementType.F32,
        ["torch HalfStorage"] = ElementType.F16,
        ["torch BFloat16Storage"] = ElementType.BF16,
        ["torch DoubleStorage"] = ElementType.F64,
        ["torch LongStorage"] = ElementType.I64,
        ["torch IntStorage"] = ElementType.I32,
    };

    private readonly ReadOnlySpan<byte> _pickle = pickle;
    private readonly string _file = file;
    private readonly List<PickleValue> _stack = [];
    private readonly Dictionary<int, PickleValue> _memo = [];
    private int _position;

    /// <summary>The value that the pickle ends with.</summary>
    /// <exception cref="InvalidDataException">It is broken, or holds an instruction that is not needed for tensors.</exception>
    public PickleValue Read()
    {
        while (true)
        {
            var code = Next();
            if (code == '.')
            {
                return Pop();
            }

            Execute(code);
        }
    }

    // Codes in the order of pickletools.py. Every instruction makes at most one value, so there are no more than bytes.
    private void Execute(byte code)
    {
        switch ((char)code)
        {
            case '\x80': Take(1); break;
            case '\x95': Take(8); break;
            case '(': _stack.Add(new PickleMark()); break;
            case 'N' or '\x88' or '\x89': _stack.Add(new PickleConstant()); break;
            case 'K': _stack.Add(new PickleNumber(Next())); break;
            case 'M': _stack.Add(new PickleNumber(BinaryPrimitives.ReadUInt16LittleEndian(Take(2)))); break;
            case 'J': _stack.Add(new PickleNumber(BinaryPrimitives.ReadInt32LittleEndian(Take(4)))); break;
            case '\x8a': _stack.Add(new PickleNumber(ReadLong(Take(Next())))); break;
            case 'X': _stack.Add(new PickleText(ReadText(BinaryPrimitives.ReadInt32LittleEndian(Take(4))))); break;
            case '\x8c': _stack.Add(new PickleText(ReadText(Next()))); break;
            case ')': _stack.Add(new PickleTuple([])); break;
            case '\x85': Tuple(1); break;
            case '\x86': Tuple(2); break;
            case '\x87': Tuple(3); break;
            case 't': _stack.Add(Nested(new PickleTuple(PopToMark()))); break;
            case '}': _stack.Add(new PickleDictionary([])); break;
            case 's': SetItems([.. PopLast(2)]); break;
            case 'u': SetItems(PopToMark()); break;
            case 'q': Memoize(Next()); break;
            case 'r': Memoize(BinaryPrimitives.ReadInt32LittleEndian(Take(4))); break;
            case '\x94': Memoize(_memo.Count); break;
            case 'h': Recall(Next()); break;
            case 'j': Recall(BinaryPrimitives.ReadInt32LittleEndian(Take(4))); break;
            case 'c': Global($"{ReadLine()} {ReadLine()}"); break;
            case '\x93': GlobalOfStack(); break;
            case 'Q': _stack.Add(Storage(Pop())); break;
            case 'R': Call(); break;
            case 'b': Build(); break;
            default: throw Invalid($"instruction 0x{code:x2} is not needed for tensors, so it is not executed");
        }
    }

    private void Tuple(int count) => _stack.Add(Nested(new PickleTuple([.. PopLast(count)])));

    // A tuple of tuples of … would let a short file make whoever walks it run out of stack.
    private readonly PickleTuple Nested(PickleTuple tuple) =>
        tuple.Depth <= MaxDepth ? tuple : throw Invalid($"expected at most {MaxDepth} nested tuples");

    private void SetItems(List<PickleValue> items)
    {
        if (_stack.LastOrDefault() is not PickleDictionary dictionary || items.Count % 2 != 0)
        {
            throw Invalid("entries are set in something that is not a dictionary");
        }

        for (var i = 0; i < items.Count; i += 2)
        {
            dictionary.Entries.Add((items[i], items[i + 1]));
        }
    }

    private void Memoize(int key) => _memo[key] = _stack.LastOrDefault() ?? throw Invalid("the stack is empty");

    private void Recall(int key) => _stack.Add(_memo.GetValueOrDefault(key) ?? throw Invalid($"memo {key} is used before it is set"));

    private void GlobalOfStack()
    {
        var names = PopLast(2);
        Global(names is [PickleText module, PickleText name] ? $"{module.Value} {name.Value}" : throw Invalid("a global has no name"));
    }

    private void Global(string name)
    {
        if (!s_storages.ContainsKey(name) && name is not (RebuildTensor or RebuildParameter or OrderedDictionary))
        {
            throw Invalid($"it names {name.Replace(' ', '.')}, which is not needed for tensors and can run code when the file is loaded elsewhere");
        }

        _stack.Add(new PickleGlobal(name));
    }

    // ('storage', type, key, location, number of values)
    private readonly PickleStorage Storage(PickleValue id) =>
        id is PickleTuple { Items: [PickleText { Value: "storage" }, PickleGlobal type, PickleText key, PickleText, PickleNumber count] }
        && s_storages.TryGetValue(type.Name, out var element)
            ? new PickleStorage(element, key.Value, count.Value)
            : throw Invalid("a persistent id is not that of a storage of numbers");

    private void Call()
    {
        var arguments = Pop() as PickleTuple ?? throw Invalid("a call has no arguments");
        var function = Pop() as PickleGlobal ?? throw Invalid("a call has no function");
        _stack.Add((function.Name, arguments.Items) switch
        {
            (OrderedDictionary, []) => new PickleDictionary([]),
            (RebuildTensor, [PickleStorage storage, PickleNumber offset, PickleTuple shape, PickleTuple strides, PickleConstant, PickleDictionary, ..]) =>
                new PickleTensor(storage, offset.Value, Numbers(shape), Numbers(strides)),
            (RebuildParameter, [PickleTensor tensor, ..]) => tensor,
            _ => throw Invalid($"{function.Name.Replace(' ', '.')} is called with arguments that make no tensor"),
        });
    }

    // State of an OrderedDict, such as the versions of a state dictionary's modules: of no use here.
    private void Build()
    {
        _ = Pop();
        _ = _stack.LastOrDefault() as PickleDictionary ?? throw Invalid("state is set on something that is not a dictionary");
    }

    private readonly long[] Numbers(PickleTuple tuple) =>
        tuple.Items.All(item => item is PickleNumber { Value: >= 0 })
            ? [.. tuple.Items.Select(item => ((PickleNumber)item).Value)]
            : throw Invalid("a shape is not a tuple of numbers");

    private PickleValue Pop() => PopLast(1)[0];

    private List<PickleValue> PopLast(int count)
    {
        if (_stack.Count < count)
        {
            throw Invalid("the stack is empty");
        }

        var values = _stack.GetRange(_stack.Count - count, count);
        _stack.RemoveRange(_stack.Count - count, count);
        return values;
    }

    private List<PickleValue> PopToMark()
    {
        var mark = _stack.FindLastIndex(value => value is PickleMark);
        if (mark < 0)
        {
            throw Invalid("there is no mark on the stack");
        }

        var values = PopLast(_stack.Count - mark);
        values.RemoveAt(0);
        return values;
    }

    private byte Next() => Take(1)[0];

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count < 0 || count > _pickle.Length - _position)
        {
            throw Invalid("the pickle ends within an instruction");
        }

        _position += count;
        return _pickle.Slice(_position - count, count);
    }

    private string ReadText(int length)
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(Take(length));
        }
        catch (DecoderFallbackException exception)
        {
            throw new InvalidDataException($"{_file}: the pickle holds text that is not UTF-8.", exception);
        }
    }

    private string ReadLine()
    {
        var length = _pickle[_position..].IndexOf((byte)'\n');
        if (length is < 0 or > 200)
        {
            throw Invalid("the pickle ends within a name");
        }

        var line = ReadText(length);
        _position++;
        return line;
    }

    private readonly long ReadLong(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > sizeof(long))
        {
            throw Invalid("a number has more than 64 bits");
        }

        Span<byte> padded = stackalloc byte[sizeof(long)];
        padded.Fill(bytes.Length > 0 && bytes[^1] >= 0x80 ? (byte)0xff : (byte)0);
        bytes.CopyTo(padded);
        return BinaryPrimitives.ReadInt64LittleEndian(padded);
    }

    private readonly InvalidDataException Invalid(string problem) => new($"{_file}: {problem}.");
}
