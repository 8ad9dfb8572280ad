# The public names by subject; __init__.py says where each is at home.

__version__: str
__all__: list[str]

# Checkpoints of any format
# Modules
from tfckpt import compat as compat
from tfckpt import errors as errors
from tfckpt import graph as graph
from tfckpt import keep as keep
from tfckpt import keras as keras
from tfckpt import progress as progress
from tfckpt import protos as protos
from tfckpt import saved_model as saved_model
from tfckpt import transform as transform

# In a training loop
from tfckpt.background import BackgroundSaver as BackgroundSaver
from tfckpt.background import PendingSave as PendingSave

# One format, and from one to the other
from tfckpt.bundle.merge import merge_bundles as merge_bundles
from tfckpt.bundle.parts import PartOfTensor as PartOfTensor
from tfckpt.bundle.parts import commit_shards as commit_shards
from tfckpt.bundle.parts import save_shard as save_shard
from tfckpt.bundle.reader import BundleReader as BundleReader
from tfckpt.bundle.writer import BundleWriter as BundleWriter
from tfckpt.checking.finding import Finding as Finding
from tfckpt.checkpoint import list_variables as list_variables
from tfckpt.checkpoint import load as load
from tfckpt.checkpoint import load_checkpoint as load_checkpoint
from tfckpt.checkpoint import load_variable as load_variable
from tfckpt.convert import Converted as Converted
from tfckpt.convert import convert_checkpoint as convert_checkpoint
from tfckpt.convert import convert_naming as convert_naming

# Other libraries' files
from tfckpt.formats import open_tensors as open_tensors
from tfckpt.formats import write_tensors as write_tensors

# Graphs
from tfckpt.graph import Graph as Graph
from tfckpt.graph import add_to_collection as add_to_collection
from tfckpt.graph import convert_constants_to_variables as convert_constants_to_variables
from tfckpt.graph import convert_variables_to_constants as convert_variables_to_constants
from tfckpt.graph import export_meta_graph as export_meta_graph
from tfckpt.graph import get_collection as get_collection
from tfckpt.graph import get_default_graph as get_default_graph
from tfckpt.graph import graph_constants as graph_constants
from tfckpt.graph import import_graph_def as import_graph_def
from tfckpt.graph import import_meta_graph as import_meta_graph
from tfckpt.graph import list_graph_variables as list_graph_variables
from tfckpt.graph import read_graph_def as read_graph_def
from tfckpt.graph import read_meta_graph as read_meta_graph
from tfckpt.graph import write_graph as write_graph

# Starting from a checkpoint of another model
from tfckpt.initial import VocabInfo as VocabInfo
from tfckpt.initial import generate_vocab_remapping as generate_vocab_remapping
from tfckpt.initial import init_from_checkpoint as init_from_checkpoint
from tfckpt.initial import load_and_remap_matrix as load_and_remap_matrix
from tfckpt.initial import warm_start as warm_start
from tfckpt.latest import latest_checkpoint as latest_checkpoint

# What a file of strangers may ask for
from tfckpt.limits import Limits as Limits

# Looking at checkpoints
from tfckpt.looking.compare import Comparison as Comparison
from tfckpt.looking.compare import TensorDifference as TensorDifference
from tfckpt.looking.compare import compare as compare
from tfckpt.looking.describe import CheckpointDescription as CheckpointDescription
from tfckpt.looking.describe import Description as Description
from tfckpt.looking.describe import describe as describe
from tfckpt.looking.report import write_report as write_report
from tfckpt.looking.statistics import Moved as Moved
from tfckpt.looking.statistics import Statistics as Statistics
from tfckpt.looking.statistics import TensorStatistics as TensorStatistics
from tfckpt.looking.statistics import statistics as statistics
from tfckpt.looking.verify import VerifyReport as VerifyReport
from tfckpt.looking.verify import verify as verify
from tfckpt.manager import CheckpointManager as CheckpointManager

# TensorFlow 2's objects
from tfckpt.nested import flatten as flatten
from tfckpt.nested import unflatten as unflatten
from tfckpt.objectgraph.resolving import resolve as resolve
from tfckpt.objects import Checkpoint as Checkpoint
from tfckpt.objects import CheckpointOptions as CheckpointOptions
from tfckpt.objects import CheckpointView as CheckpointView
from tfckpt.objects import LoadStatus as LoadStatus
from tfckpt.objects import MaxShardSizePolicy as MaxShardSizePolicy
from tfckpt.objects import ShardableTensor as ShardableTensor
from tfckpt.objects import ShardByTaskPolicy as ShardByTaskPolicy
from tfckpt.objects import ShardingCallback as ShardingCallback
from tfckpt.objects import Variable as Variable
from tfckpt.objects import load_object_tree as load_object_tree
from tfckpt.objects import object_graph as object_graph
from tfckpt.objects import to_object_based as to_object_based

# Messages, and tensors in them
from tfckpt.protos import CheckpointState as CheckpointState
from tfckpt.protos import GraphDef as GraphDef
from tfckpt.protos import MetaGraphDef as MetaGraphDef
from tfckpt.protos import SaverDef as SaverDef
from tfckpt.pruning import Pruned as Pruned
from tfckpt.pruning import PruneReport as PruneReport
from tfckpt.pruning import prune as prune
from tfckpt.reader import CheckpointReader as CheckpointReader
from tfckpt.reader import TensorInfo as TensorInfo
from tfckpt.reader import TensorReader as TensorReader
from tfckpt.renaming import to_name_based as to_name_based

# When things went wrong
from tfckpt.rescue.doctor import Diagnosis as Diagnosis
from tfckpt.rescue.doctor import DoctorReport as DoctorReport
from tfckpt.rescue.doctor import doctor as doctor
from tfckpt.rescue.salvage import SalvageReport as SalvageReport
from tfckpt.rescue.salvage import salvage as salvage
from tfckpt.rescue.state_file import StateRepair as StateRepair
from tfckpt.rescue.state_file import repair_state as repair_state
from tfckpt.rescue.survey import Lost as Lost
from tfckpt.saver import RestoreReport as RestoreReport
from tfckpt.saver import Saver as Saver
from tfckpt.saver import remove_checkpoint as remove_checkpoint
from tfckpt.saver import values_by_node as values_by_node
from tfckpt.saving import save as save

# The state file
from tfckpt.state import checkpoint_exists as checkpoint_exists
from tfckpt.state import generate_checkpoint_state_proto as generate_checkpoint_state_proto
from tfckpt.state import get_checkpoint_mtimes as get_checkpoint_mtimes
from tfckpt.state import get_checkpoint_state as get_checkpoint_state
from tfckpt.state import update_checkpoint_state as update_checkpoint_state

# Stores behind URLs
from tfckpt.storage import RemoteOptions as RemoteOptions
from tfckpt.tensors.tensor_proto import make_ndarray as make_ndarray
from tfckpt.tensors.tensor_proto import make_tensor_proto as make_tensor_proto
from tfckpt.v1.reader import V1Reader as V1Reader
from tfckpt.v1.writer import V1Writer as V1Writer
from tfckpt.watch import checkpoints_iterator as checkpoints_iterator
from tfckpt.watch import wait_for_new_checkpoint as wait_for_new_checkpoint
