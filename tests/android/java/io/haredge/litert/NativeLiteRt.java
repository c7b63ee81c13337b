package io.haredge.litert;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Runs a .tflite with one float32 input and float32 outputs through the C functions of libLiteRt.so.
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
    private final Memory[] outputTypes;
    private final Pointer input;
    private final Pointer[] outputs;

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
        input = buffer("LiteRtGetCompiledModelInputBufferRequirements", 0, inputType);
        LongByReference count = new LongByReference();
        call("LiteRtGetNumSubgraphOutputs", graph, count);
        outputTypes = new Memory[(int) count.getValue()];
        outputs = new Pointer[outputTypes.length];
        for (int index = 0; index < outputs.length; index++) {
            outputTypes[index] = new Memory(256);
            Pointer tensor = create("LiteRtGetSubgraphOutput", graph, (long) index);
            call("LiteRtGetRankedTensorType", tensor, outputTypes[index]);
            outputs[index] = buffer("LiteRtGetCompiledModelOutputBufferRequirements", index, outputTypes[index]);
        }
    }

    public int[] inputShape() {
        return shape(inputType);
    }

    public int outputCount() {
        return outputs.length;
    }

    public int[] outputShape(int index) {
        return shape(outputTypes[index]);
    }

    /** Runs the model: {@code in} fills its input exactly, and each of its outputs fills one of {@code results}. */
    public void run(ByteBuffer in, ByteBuffer... results) {
        locked(input, WRITE).getByteBuffer(0, in.remaining()).put(in.duplicate());
        call("LiteRtUnlockTensorBuffer", input);
        PointerByReference inputs = new PointerByReference(input);
        Memory places = new Memory((long) Native.POINTER_SIZE * outputs.length);
        places.write(0, outputs, 0, outputs.length);
        call("LiteRtRunCompiledModel", compiled, 0L, 1L, inputs, (long) outputs.length, places);
        for (int index = 0; index < outputs.length; index++) {
            ByteBuffer result = results[index];
            result.duplicate().put(locked(outputs[index], READ).getByteBuffer(0, result.remaining()));
            call("LiteRtUnlockTensorBuffer", outputs[index]);
        }
    }

    @Override
    public void close() {
        LIBRARY.getFunction("LiteRtDestroyTensorBuffer").invokeVoid(new Object[] {input});
        for (Pointer output : outputs) {
            LIBRARY.getFunction("LiteRtDestroyTensorBuffer").invokeVoid(new Object[] {output});
        }
        LIBRARY.getFunction("LiteRtDestroyCompiledModel").invokeVoid(new Object[] {compiled});
        LIBRARY.getFunction("LiteRtDestroyOptions").invokeVoid(new Object[] {options});
        LIBRARY.getFunction("LiteRtDestroyModel").invokeVoid(new Object[] {model});
        LIBRARY.getFunction("LiteRtDestroyEnvironment").invokeVoid(new Object[] {environment});
    }

    private Pointer buffer(String requirements, int index, Memory type) {
        Pointer needed = create(requirements, compiled, 0L, (long) index);
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
