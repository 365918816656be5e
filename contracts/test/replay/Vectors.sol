// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {
    ISegmentMachine,
    SegmentInputs,
    SegmentState,
    Until,
    Witness
} from '../../src/interfaces/ISegmentMachine.sol';
import { IRunner, State } from '../../src/interfaces/IRunner.sol';
import { Test } from '../base/Cheats.sol';

/// @notice The cheatcodes that read JSON.
interface Json {
    function readFile(string calldata path) external view returns (string memory);
    function parseJsonType(string calldata json, string calldata key, string calldata type_)
        external
        pure
        returns (bytes memory);
    function parseJsonTypeArray(string calldata json, string calldata key, string calldata type_)
        external
        pure
        returns (bytes memory);
    function parseJsonUint(string calldata json, string calldata key) external pure returns (uint256);
    function parseJsonUintArray(string calldata json, string calldata key)
        external
        pure
        returns (uint256[] memory);
    function parseJsonBytes(string calldata json, string calldata key) external pure returns (bytes memory);
}

/// @notice One stretch of a run, without its witness: shared/machine/run/vectors.ts.
struct Vector {
    string name;
    State before;
    bytes input;
    uint32 untilPc;
    uint32 visits;
    bytes32 afterHash;
}

/// @notice One transaction of a segment: shared/machine/segment/vectors.ts.
struct Transaction {
    SegmentState before;
    SegmentInputs inputs;
    Witness witness;
    Until until;
    bytes32 afterHash;
}

struct Scene {
    string name;
    Transaction[] transactions;
}

/// @notice Reads vectors and deploys the machines that replay them.
abstract contract Vectors is Test {
    string private constant STATE =
        "State(bytes32 memoryRoot,bytes32 registersHash,uint32 memoryPages,uint32 pc,uint32 fp,uint8 status,uint8 trap)";
    string private constant VECTOR =
        "Vector(string name,State before,bytes input,uint32 untilPc,uint32 visits,bytes32 afterHash)";
    string private constant WITNESS = "Witness(bytes registers,bytes indices,bytes leaves,bytes nodes)";
    string private constant SCENE =
        "Scene(string name,Transaction[] transactions)Inputs(bytes segment,uint64 inboxCount,uint64 firstMessage,bytes[] messages)SegmentState(bytes32 root,bytes32 checkpoint,bytes32 registersHash,uint32 pc,uint32 fp,uint8 command,uint8 phase,bool running)Transaction(SegmentState before,Inputs inputs,Witness witness,Until until,bytes32 afterHash)Until(uint8 command,uint8 phase,uint32 pc,uint32 visits)Witness(bytes registers,bytes indices,bytes leaves,bytes nodes)";

    Json internal constant json = Json(address(vm));

    function _read(string memory name) internal view returns (string memory) {
        return json.readFile(string.concat("test/machine/vectors/", name, ".json"));
    }

    function _vectors(string memory text) internal pure returns (Vector[] memory) {
        return abi.decode(json.parseJsonTypeArray(text, ".vectors", string.concat(VECTOR, STATE)), (Vector[]));
    }

    /// @dev The same in the same order; a witness lies flat in its vector.
    function _witnesses(string memory text) internal pure returns (Witness[] memory) {
        return abi.decode(json.parseJsonTypeArray(text, ".vectors", WITNESS), (Witness[]));
    }

    function _scenes(string memory text) internal pure returns (Scene[] memory) {
        return abi.decode(json.parseJsonTypeArray(text, ".scenes", SCENE), (Scene[]));
    }

    function _deployRunner(string memory text) internal returns (IRunner) {
        address[] memory pages = _deployPages(json.parseJsonBytes(text, ".program.code"));
        bytes memory arguments = abi.encode(pages, uint32(json.parseJsonUint(text, ".program.maxPages")));
        return IRunner(_create("Runner.sol:Runner", arguments));
    }

    function _deploySegmentMachine(string memory text) internal returns (ISegmentMachine) {
        address[] memory pages = _deployPages(json.parseJsonBytes(text, ".program.code"));
        uint256[] memory words = json.parseJsonUintArray(text, ".program.entries");
        uint64[4] memory entries;
        for (uint256 i = 0; i < 4; i++) {
            entries[i] = uint64(words[i]);
        }
        bytes memory arguments =
            abi.encode(pages, uint32(json.parseJsonUint(text, ".program.pages")), entries);
        return ISegmentMachine(_create("SegmentMachine.sol:SegmentMachine", arguments));
    }

    /// @dev By the artifact: the machine is compiled by the other code generator than this file.
    function _create(string memory artifact, bytes memory arguments) private returns (address deployed) {
        bytes memory creation = abi.encodePacked(vm.getCode(artifact), arguments);
        assembly {
            deployed := create(0, add(creation, 32), mload(creation))
        }
        assertTrue(deployed != address(0), artifact);
    }

    /// @dev As contracts/script/program.ts does it.
    function _deployPages(bytes memory code) internal returns (address[] memory pages) {
        pages = new address[]((code.length + 24_574) / 24_575);
        for (uint256 i = 0; i < pages.length; i++) {
            uint256 size = code.length - 24_575 * i < 24_575 ? code.length - 24_575 * i : 24_575;
            bytes memory page = new bytes(size);
            for (uint256 k = 0; k < size; k++) {
                page[k] = code[24_575 * i + k];
            }
            pages[i] = _deployData(abi.encodePacked(hex'00', page));
        }
    }

    function _deployData(bytes memory data) internal returns (address deployed) {
        bytes memory creation = abi.encodePacked(hex'61', uint16(data.length), hex'80600a5f395ff3', data);
        assembly {
            deployed := create(0, add(creation, 32), mload(creation))
        }
        assertTrue(deployed != address(0) && deployed.code.length == data.length, "page deployed");
    }
}
