package io.haredge.demo;

import android.content.res.AssetManager;
import io.haredge.demo.core.BadModelException;
import io.haredge.demo.core.Card;
import io.haredge.demo.core.Contract;
import io.haredge.demo.core.Model;
import io.haredge.demo.core.Outputs;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.tensorflow.lite.DataType;
import org.tensorflow.lite.Interpreter;
import org.tensorflow.lite.Tensor;

/** A .tflite file of the app's assets, run by LiteRT on one CPU thread. */
final class LiteRtModel implements Model, AutoCloseable {
    private static final int BLOCK = 1 << 16;

    private final Interpreter interpreter;
    private final ByteBuffer input;
    private final FloatBuffer inputValues;
    private final Object[] inputs;
    /** The outputs that the card's model has, by index: probabilities, places, by_place, features. */
    private final Map<Integer, Object> outputs = new HashMap<>();
    private final List<ByteBuffer> outputBytes = new ArrayList<>();
    private final List<FloatBuffer> outputValues = new ArrayList<>();

    /**
     * Loads a model and runs it once, so that the first window takes no longer than the others.
     *
     * @throws BadModelException LiteRT refuses it, or its tensors do not fit the contract and the card
     */
    LiteRtModel(byte[] content, Card card) throws BadModelException {
        ByteBuffer file = direct(content.length);
        file.put(content);
        rewind(file);
        try {
            interpreter = new Interpreter(file, new Interpreter.Options().setNumThreads(1));
        } catch (IllegalArgumentException | IllegalStateException | UnsatisfiedLinkError error) {
            throw new BadModelException("LiteRT cannot load it (" + error.getMessage() + ")", error);
        }
        int[] inputShape = {1, Contract.WINDOW, Contract.CHANNEL_COUNT};
        int[][] outputShapes = outputShapes(card);
        if (!fits(inputShape, outputShapes)) {
            interpreter.close();
            throw new BadModelException("it does not take float32 " + Arrays.toString(inputShape) + " and give float32 "
                    + Arrays.stream(outputShapes).map(Arrays::toString).collect(Collectors.joining(" and ")));
        }
        input = direct(Float.BYTES * Contract.WINDOW * Contract.CHANNEL_COUNT);
        inputValues = input.asFloatBuffer();
        inputs = new Object[] {input};
        for (int index = 0; index < outputShapes.length; index++) {
            ByteBuffer output = direct(Float.BYTES * Arrays.stream(outputShapes[index]).reduce(1, (a, b) -> a * b));
            outputs.put(index, output);
            outputBytes.add(output);
            outputValues.add(output.asFloatBuffer());
        }
        try {
            run(new float[Contract.WINDOW * Contract.CHANNEL_COUNT], new Outputs(card));
        } catch (IllegalArgumentException | IllegalStateException error) {
            interpreter.close();
            throw new BadModelException("LiteRT cannot run it (" + error.getMessage() + ")", error);
        }
    }

    /**
     * Loads a card's model, after making sure that the file is the one of the card.
     *
     * @throws BadModelException the file is missing, cut off, another one, or LiteRT cannot run it
     */
    static LiteRtModel load(AssetManager assets, Card card) throws BadModelException {
        byte[] content = read(assets, card.name + ".tflite");
        card.checkFile(content);
        return new LiteRtModel(content, card);
    }

    /**
     * Reads the card of a model in the assets.
     *
     * @throws BadModelException it is missing, damaged, or does not fit the signal contract
     */
    static Card loadCard(AssetManager assets, String name) throws BadModelException {
        return Card.parse(new String(read(assets, name + ".json"), StandardCharsets.UTF_8));
    }

    /**
     * Reads a file of the assets.
     *
     * @throws BadModelException it is missing
     */
    static byte[] read(AssetManager assets, String name) throws BadModelException {
        try (InputStream in = assets.open(name)) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            byte[] block = new byte[BLOCK];
            for (int count = in.read(block); count >= 0; count = in.read(block)) {
                out.write(block, 0, count);
            }
            return out.toByteArray();
        } catch (IOException error) {
            throw new BadModelException(name + " is missing in the app", error);
        }
    }

    @Override
    public void run(float[] imu, Outputs results) {
        rewind(inputValues);
        inputValues.put(imu);
        rewind(input);
        outputBytes.forEach(LiteRtModel::rewind);
        interpreter.runForMultipleInputsOutputs(inputs, outputs);
        outputValues.forEach(LiteRtModel::rewind);
        outputValues.get(0).get(results.probabilities);
        if (results.places.length > 0) {
            outputValues.get(1).get(results.places);
            outputValues.get(2).get(results.byPlace);
        }
        if (results.features.length > 0) {
            outputValues.get(outputValues.size() - 1).get(results.features);
        }
    }

    @Override
    public void close() {
        interpreter.close();
    }

    /** Called on Buffer, because before Android 10 ByteBuffer and FloatBuffer do not override it. */
    private static void rewind(Buffer buffer) {
        buffer.rewind();
    }

    /** The shape of each output, in order. */
    private static int[][] outputShapes(Card card) {
        List<int[]> shapes = new ArrayList<>();
        shapes.add(new int[] {1, card.classes()});
        if (card.placeCount() > 0) {
            shapes.add(new int[] {1, card.placeCount()});
            shapes.add(new int[] {1, card.placeCount(), card.classes()});
        }
        if (card.features() > 0) {
            shapes.add(new int[] {1, card.features()});
        }
        return shapes.toArray(new int[0][]);
    }

    private boolean fits(int[] inputShape, int[][] outputShapes) {
        boolean fit = interpreter.getInputTensorCount() == 1 && fits(interpreter.getInputTensor(0), inputShape)
                && interpreter.getOutputTensorCount() == outputShapes.length;
        for (int index = 0; fit && index < outputShapes.length; index++) {
            fit = fits(interpreter.getOutputTensor(index), outputShapes[index]);
        }
        return fit;
    }

    private static boolean fits(Tensor tensor, int[] shape) {
        return tensor.dataType() == DataType.FLOAT32 && Arrays.equals(tensor.shape(), shape);
    }

    private static ByteBuffer direct(int bytes) {
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
    }
}
