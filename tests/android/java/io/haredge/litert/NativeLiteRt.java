package io.haredge.litert;

import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Runs a .tflite with one float32 input and one float32 output through the C functions of libLiteRt.so.
 *
 * <p>The system property {@code haredge.litert} names the library, which comes with the ai-edge-litert wheel.
 */
public final class NativeLiteRt implements AutoCloseable {
    private static final int CPU = 1;
    private static final int READ = 0;
    private static final int WRITE = 1;
    private static final int FLOAT32 = 1;
    private static final NativeLibrary LIBRARY = NativeLibrary.getInstance(System.getProperty("haredge.litert"));

    private final Memory content;
    private final Pointer environment;
    private final Pointer model;
    private final Pointer options;
    private final Pointer compiled;
    private final Memory inputType = new Memory(256);
    private final Memory outputType = new Memory(256);
    private final Pointer input;
    private final Pointer output;

    /** @throws IllegalArgumentException LiteRT refuses the file */
    public NativeLiteRt(ByteBuffer file) {
        content = new Memory(Math.max(1, file.remaining()));
        content.getByteBuffer(0, file.remaining()).put(file.duplicate());
        environment = create("LiteRtCreateEnvironment", 0, null);
        model = create("LiteRtCreateModelFromBuffer", environment, content, (long) file.remaining());
        options = create("LiteRtCreateOptions");
        call("LiteRtSetOptionsHardwareAccelerators", options, CPU);
        compiled = create("LiteRtCreateCompiledModel", environment, model, options);
        Pointer graph = create("LiteRtGetModelSubgraph", model, 0L);
        call("LiteRtGetRankedTensorType", create("LiteRtGetSubgraphInput", graph, 0L), inputType);
        call("LiteRtGetRankedTensorType", create("LiteRtGetSubgraphOutput", graph, 0L), outputType);
        input = buffer("LiteRtGetCompiledModelInputBufferRequirements", inputType);
        output = buffer("LiteRtGetCompiledModelOutputBufferRequirements", outputType);
    }

    public int[] inputShape() {
        return shape(inputType);
    }

    public int[] outputShape() {
        return shape(outputType);
    }

    /** Runs the model: {@code in} fills its input exactly, and its output fills {@code out}. */
    public void run(ByteBuffer in, ByteBuffer out) {
        locked(input, WRITE).getByteBuffer(0, in.remaining()).put(in.duplicate());
        call("LiteRtUnlockTensorBuffer", input);
        PointerByReference inputs = new PointerByReference(input);
        PointerByReference outputs = new PointerByReference(output);
        call("LiteRtRunCompiledModel", compiled, 0L, 1L, inputs, 1L, outputs);
        out.duplicate().put(locked(output, READ).getByteBuffer(0, out.remaining()));
        call("LiteRtUnlockTensorBuffer", output);
    }

    @Override
    public void close() {
        LIBRARY.getFunction("LiteRtDestroyTensorBuffer").invokeVoid(new Object[] {input});
        LIBRARY.getFunction("LiteRtDestroyTensorBuffer").invokeVoid(new Object[] {output});
        LIBRARY.getFunction("LiteRtDestroyCompiledModel").invokeVoid(new Object[] {compiled});
        LIBRARY.getFunction("LiteRtDestroyOptions").invokeVoid(new Object[] {options});
        LIBRARY.getFunction("LiteRtDestroyModel").invokeVoid(new Object[] {model});
        LIBRARY.getFunction("LiteRtDestroyEnvironment").invokeVoid(new Object[] {environment});
    }

    private Pointer buffer(String requirements, Memory type) {
        Pointer needed = create(requirements, compiled, 0L, 0L);
        return create("LiteRtCreateManagedTensorBufferFromRequirements", environment, type, needed);
    }

    /** A LiteRtRankedTensorType: element type, 7 bits of rank, dimensions. */
    private static int[] shape(Memory type) {
        if (type.getInt(0) != FLOAT32) {
            throw new IllegalArgumentException("no float32 tensor");
        }
        return type.getIntArray(8, type.getInt(4) & 0x7f);
    }

    /** Calls a function and returns its result, which is the last parameter. */
    private static Pointer create(String function, Object... arguments) {
        PointerByReference out = new PointerByReference();
        Object[] all = Arrays.copyOf(arguments, arguments.length + 1);
        all[arguments.length] = out;
        call(function, all);
        return out.getValue();
    }

    private static Pointer locked(Pointer buffer, int mode) {
        PointerByReference place = new PointerByReference();
        call("LiteRtLockTensorBuffer", buffer, place, mode);
        return place.getValue();
    }

    private static void call(String function, Object... arguments) {
        int status = LIBRARY.getFunction(function).invokeInt(arguments);
        if (status != 0) {
            throw new IllegalArgumentException(function + ": status " + status);
        }
    }
}
